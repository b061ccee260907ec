/** A caller with a server and an access token of its own, before a gateway that it shares with others. */
import type { Caller, Line } from "#gateway/testing/two-callers.ts";
import type { Gateway } from "#gateway/types.ts";
import { createServer } from "#server/server.ts";
import { createRequestRecord } from "#telemetry/request-record.ts";
import { anthropicMessages } from "#wire/anthropic-messages/index.ts";
import { openaiChat } from "#wire/openai-chat/index.ts";
import { openaiResponses } from "#wire/openai-responses/index.ts";

export interface HttpLine extends Line {
  call(path: string, body?: object, method?: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  close(): Promise<void>;
}

const paths = ["/v1/chat/completions", "/v1/messages"] as const;

interface Answer {
  readonly choices?: readonly { readonly message: { readonly content: string } }[];
  readonly content?: readonly { readonly text?: string }[];
}

function textOf({ choices, content }: Answer): string {
  return choices?.[0]?.message.content ?? content?.map(({ text = "" }) => text).join("") ?? "";
}

export function callOverHttp(gateway: Gateway, caller: Caller): HttpLine {
  const accessToken = `the token of ${caller}`;
  const server = createServer({
    gateway,
    wireFormats: { openaiChat, openaiResponses, anthropicMessages },
    options: {
      host: "127.0.0.1",
      port: 0,
      accessTokens: { plain: accessToken },
      corsOrigins: [],
      allowedHosts: [],
      maxBodyBytes: 1_000_000,
      heartbeatMs: 60_000,
      version: "0",
    },
    telemetry: { createRecord: (initial) => createRequestRecord(initial) },
  });
  const { url } = server.listen();
  let asked = 0;
  const call: HttpLine["call"] = (path, body, method = "POST", headers = {}) =>
    fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${accessToken}`, "x-ccproxy-tools": "both", ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const ofSession = (id: string, rest = "") => `/sessions/${encodeURIComponent(id)}${rest}`;
  return {
    call,
    close: () => server.stop(0),
    forget: (id) => call(ofSession(id), undefined, "DELETE"),
    interrupt: (id) => call(ofSession(id, "/interrupt")),
    list: async () => (await call("/sessions", undefined, "GET")).text(),
    /** One format after the other. */
    async ask({ messages, ids, interrupts }) {
      const path = paths[(asked += 1) % 2 === 0 ? 0 : 1];
      const headers = {
        "x-ccproxy-mode": "chat",
        "x-ccproxy-tools": "",
        "x-ccproxy-busy": interrupts ? "interrupt" : "wait",
        ...(ids.named !== undefined && { "x-ccproxy-session": ids.named }),
        ...(ids.hint !== undefined && { "x-claude-code-session-id": ids.hint }),
      };
      const response = await call(path, { model: "sonnet", max_tokens: 9999, messages }, "POST", headers);
      return response.ok ? textOf((await response.json()) as Answer) : undefined; // Either of two known bodies.
    },
  };
}
