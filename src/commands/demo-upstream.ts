import { createCommand } from "./command.ts";
import { CommandFailure } from "./failure.ts";
import { commonFlags } from "./flag.ts";
import { untilStopSignal } from "./stop-signal.ts";

const host = "127.0.0.1";

export const demoUpstream = createCommand({
  name: "demo-upstream",
  description: "Run the scripted local Anthropic and OpenAI APIs alone, to test clients offline.",
  flags: {
    port: {
      type: "string",
      alias: "p",
      valueHint: "number",
      range: [0, 65_535],
      description: "Port to listen on (a free one).",
    },
    ...commonFlags,
  },
  examples: [
    "ccproxy demo-upstream --port 9100",
    "ANTHROPIC_BASE_URL=http://127.0.0.1:9100 ANTHROPIC_API_KEY=demo claude -p hi",
    "OPENAI_BASE_URL=http://127.0.0.1:9100/v1 OPENAI_API_KEY=demo my-app",
  ],
  async run(args, { terminal }) {
    const { startDemoUpstream } = await import("#demo/demo-upstream.ts");
    const stopped = untilStopSignal();
    const port = args.number("port") ?? 0;
    const upstream = await start(() => startDemoUpstream({ port, host }), port);
    await terminal.print(
      [
        `demo upstream on ${upstream.url}: answers are scripted by words in the prompt, no model behind it`,
        "  speaks  POST /v1/messages, /v1/chat/completions and /v1/responses, GET /v1/models; also under any other root",
        `  try     curl ${upstream.url}/v1/messages -H 'x-api-key: demo' -H 'content-type: application/json' -d '{"model":"demo","max_tokens":64,"messages":[{"role":"user","content":"Hello"}]}'`,
        "  stop    Ctrl-C",
      ].join("\n"),
    );
    await stopped;
    await upstream.stop();
    return 0;
  },
});

async function start<T>(listen: () => T, port: number): Promise<T> {
  try {
    return listen();
  } catch (cause) {
    const { describePortTaken, isPortTaken } = await import("#app/port-taken.ts");
    if (isPortTaken(cause))
      throw new CommandFailure(await describePortTaken({ host, port, flag: "--port" }), { cause });
    throw cause;
  }
}
