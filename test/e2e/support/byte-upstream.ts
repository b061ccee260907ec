/** An upstream that says exactly what it is told to, byte by byte, however wrong: what no proper server can be made to do. */
import type { Socket } from "bun";

export interface Said {
  /** `200 OK`. */
  readonly status?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** In place of all of a head. */
  readonly raw?: string;
  /** Each is a write of its own. */
  readonly body: readonly (Uint8Array | string)[];
  /** How the client is to know where the body ends. */
  readonly framing?: "until-close" | "chunked" | "length";
  /**
   * `cut`: the connection is closed although the body's frame promises more; `reset`: it is torn down; `silent`: nothing
   * more comes. Else it ends as it should.
   */
  readonly ending?: "whole" | "cut" | "reset" | "silent";
  /** Waited for before each write but the first. */
  readonly pause?: () => Promise<unknown>;
}

export interface Heard {
  /** `POST /v1/messages HTTP/1.1`, and the headers. */
  readonly head: string;
  readonly body: string;
}

export interface ByteUpstream {
  readonly url: string;
  /** What is said to each request from now on. */
  says(answer: (heard: Heard) => Said): void;
  readonly heard: readonly Heard[];
  /** Requests whose connection is still there, and that have not been answered to their end. */
  open(): number;
  stop(): void;
}

interface Connection {
  received: Uint8Array;
  answering: boolean;
}

export function startByteUpstream(): ByteUpstream {
  const heard: Heard[] = [];
  const answering = new Set<Socket<Connection>>();
  let answer: (heard: Heard) => Said = () => ({ status: "503 Service Unavailable", body: [] });
  const server = Bun.listen<Connection>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.data = { received: new Uint8Array(), answering: false };
      },
      data(socket, chunk) {
        socket.data.received = Buffer.concat([socket.data.received, chunk]);
        const request = wholeRequest(socket.data.received);
        if (request === undefined || socket.data.answering) return;
        socket.data = { received: new Uint8Array(), answering: true };
        heard.push(request);
        answering.add(socket);
        void say(socket, answer(request)).finally(() => {
          socket.data.answering = false;
        });
      },
      end: (socket) => void socket.end(),
      close: (socket) => void answering.delete(socket),
      error: () => undefined,
    },
  });
  async function say(socket: Socket<Connection>, said: Said): Promise<void> {
    const { body, ending = "whole", pause, framing = "length" } = said;
    const bytes = body.map((part) => (typeof part === "string" ? new TextEncoder().encode(part) : part));
    const framed = framing === "chunked" ? bytes.filter(({ byteLength }) => byteLength > 0).map(asChunk) : bytes;
    socket.write(said.raw ?? headOf(said, Buffer.concat(bytes).byteLength));
    for (const [index, part] of framed.entries()) {
      if (index > 0) await pause?.();
      socket.write(part);
    }
    socket.flush();
    if (ending === "silent") return;
    answering.delete(socket);
    if (ending === "reset") socket.terminate();
    else if (ending === "cut" || framing === "until-close") socket.end();
    else if (framing === "chunked") socket.write("0\r\n\r\n");
  }
  return {
    url: `http://127.0.0.1:${server.port}`,
    says(next) {
      answer = next;
    },
    heard,
    open: () => answering.size,
    stop: () => server.stop(true),
  };
}

function headOf({ status = "200 OK", headers = {}, framing = "length", ending }: Said, length: number): string {
  const frame = {
    "until-close": { connection: "close" },
    chunked: { "transfer-encoding": "chunked" },
    // A frame that is cut short has promised more.
    length: { "content-length": `${length + (ending === "cut" ? 1 : 0)}` },
  }[framing];
  const lines = Object.entries({ ...headers, ...frame }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status}\r\n${lines.join("")}\r\n`;
}

function asChunk(part: Uint8Array): Uint8Array {
  return Buffer.concat([new TextEncoder().encode(`${part.byteLength.toString(16)}\r\n`), part, Buffer.from("\r\n")]);
}

function wholeRequest(received: Uint8Array): Heard | undefined {
  const text = Buffer.from(received).toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  const head = text.slice(0, end);
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
  if (received.byteLength < end + 4 + length) return undefined;
  return { head, body: new TextDecoder().decode(received.subarray(end + 4, end + 4 + length)) };
}
