/** Bytes to and from the proxy as they are, past every client. */
import { connect, type Socket } from "node:net";

export interface RawConnection {
  readonly socket: Socket;
  /** Everything received so far. */
  received(): string;
  bytes(): number;
  send(data: string | Uint8Array): void;
  /** Stops reading: what the proxy sends stays in the socket, and then with the proxy. */
  pause(): void;
  /** All that came until the proxy closed the connection, or for `timeoutMs`. */
  end(timeoutMs: number): Promise<string>;
  destroy(): void;
}

/** `keep` false forgets what is received, and only counts it. */
export function openSocket(url: string, { keep = true } = {}): RawConnection {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  let length = 0;
  socket.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (keep) chunks.push(chunk);
  });
  // A reset is one of the ways in which a connection may end.
  socket.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.on("close", () => resolve());
  });
  const received = () => Buffer.concat(chunks).toString();
  return {
    socket,
    received,
    bytes: () => length,
    send: (data) => void socket.write(data),
    pause: () => void socket.pause(),
    async end(timeoutMs) {
      await Promise.race([closed, Bun.sleep(timeoutMs)]);
      socket.destroy();
      return received();
    },
    destroy: () => void socket.destroy(),
  };
}

/** A POST whose connection ends with its answer. */
export function postText(path: string, body: string, headers: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries({
    host: "127.0.0.1",
    connection: "close",
    "content-type": "application/json",
    "content-length": `${Buffer.byteLength(body)}`,
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
}
