import { type Approvals, createApprovals } from "#gateway/approvals.ts";
import { createServer, type HttpServer, type ServerDeps, type ServerOptions } from "#server/server.ts";
import { createRequestRecord, type RequestRecord } from "#telemetry/request-record.ts";
import { anthropicMessages } from "#wire/anthropic-messages/index.ts";
import { openaiChat } from "#wire/openai-chat/index.ts";
import { openaiResponses } from "#wire/openai-responses/index.ts";

import { createScriptedGateway, type Script, type ScriptedGateway } from "./scripted-gateway.ts";

type LogRow = ReturnType<RequestRecord["row"]>;

export interface TestServer extends AsyncDisposable {
  readonly server: HttpServer;
  readonly gateway: ScriptedGateway;
  readonly approvals: Approvals;
  /** The access log, in order of ending. */
  readonly rows: LogRow[];
  readonly url: string;
  readonly port: number;
}

const defaults: ServerOptions = {
  host: "127.0.0.1",
  port: 0,
  corsOrigins: [],
  allowedHosts: [],
  maxBodyBytes: 1_000_000,
  heartbeatMs: 60_000,
  version: "1.2.3",
};

export function startTestServer(
  script: Script = {},
  options: Partial<ServerOptions> = {},
  { responses, providerResponses }: Pick<ServerDeps, "responses" | "providerResponses"> = {},
): TestServer {
  const rows: LogRow[] = [];
  const gateway = createScriptedGateway(script);
  const approvals = createApprovals({ timeoutMs: 60_000, onResolved: () => undefined });
  const server = createServer({
    gateway,
    approvals,
    responses,
    providerResponses,
    wireFormats: { openaiChat, openaiResponses, anthropicMessages },
    options: { ...defaults, ...options },
    telemetry: { createRecord: (initial) => createRequestRecord(initial, { onEnd: (row) => rows.push(row) }) },
  });
  const { url, port } = server.listen();
  return { server, gateway, approvals, rows, url, port, [Symbol.asyncDispose]: () => server.stop(0) };
}

/** Waits for something that is about to be true; fails after a second. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 4000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error("It did not become true.");
    await Bun.sleep(1);
  }
}

/** What the server answers to these bytes, read until it closes or has been silent for `quietMs`. */
export async function exchangeBytes(port: number, bytes: string, quietMs = 50): Promise<string> {
  const closed = Promise.withResolvers<void>();
  let received = "";
  let timer = setTimeout(closed.resolve, 4000);
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_socket, chunk) {
        received += chunk.toString();
        clearTimeout(timer);
        timer = setTimeout(closed.resolve, quietMs);
      },
      close: () => closed.resolve(),
    },
  });
  socket.write(bytes);
  await closed.promise;
  clearTimeout(timer);
  socket.terminate();
  return received;
}
