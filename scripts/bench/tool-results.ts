/** From a tool's result to the next word of the answer, in the process that asked for it; by hand and by the proxy. */
import { Database } from "bun:sqlite";

import { planTurn } from "#backends/claude-cli/claim.ts";
import { parseLine } from "#backends/claude-cli/lines.ts";
import { controlLine, queryLine, replyLine } from "#backends/claude-cli/protocol.ts";
import { ToolHost } from "#backends/claude-cli/tool-host.ts";
import type { Mode } from "#core/backend.ts";
import { openaiChat } from "#wire/openai-chat/index.ts";

import { benchModel, type DirectCli, type DirectOptions, eachLine, type Started, start } from "./direct-cli.ts";
import type { Bench } from "./first-word.ts";
import { type Conversation, post, startProxy } from "./proxy.ts";
import type { Measure } from "./report.ts";
import { quantile, round, spreadOf } from "./stats.ts";

export interface ToolResults {
  readonly measures: readonly Measure[];
  /** The proxy against the CLI by hand, in milliseconds. */
  readonly addedMs: number;
}

const tools = [{ type: "function", function: { name: "look", parameters: { type: "object", properties: {} } } }];
const script = "[[demo tool look]] [[demo then]] [[demo say pong]]";
const answer = "pong";
const CALL_ID = /"id":"((?:toolu|call)_[^"]+)"/;
/** As long as a quick tool runs: the CLI has asked for it by then. */
const runsMs = 50;
/** Below the turns after which a conversation gets a new process. */
const turnsEach = 10;

export async function measureToolResults(bench: Bench, mode: Mode, turns: number): Promise<ToolResults> {
  const { programs, upstream, claude } = bench;
  const proxy = await startProxy({ ...bench, claude: claude.path, flags: ["--pool-size", "1"] });
  const samples = { byHand: [] as number[], proxy: [] as number[] };
  for (let done = 0; done < turns; done += turnsEach) {
    const byHand = await startByHand({ programs, claude: claude.path, mode, upstream });
    const askers = { byHand, proxy: startToolConversation(proxy.url, mode) };
    // The first turn of a process is another measure's.
    for (const asker of Object.values(askers)) await asker.ask(`${script} ${crypto.randomUUID()}`);
    for (let turn = 0; turn < Math.min(turnsEach, turns - done); turn += 1)
      for (const kind of turn % 2 === 0 ? (["byHand", "proxy"] as const) : (["proxy", "byHand"] as const))
        samples[kind].push(await askers[kind].ask(`${script} ${turn}`));
    await byHand.end();
  }
  await proxy.end();
  expectOneProcessEach(proxy.stateDir, Math.ceil(turns / turnsEach));
  const name = `tool result to the next word, ${claude.version} ${mode}`;
  return {
    measures: [
      { name: `${name}: the proxy's lines by hand`, unit: "ms", spread: spreadOf(samples.byHand) },
      { name: `${name}: proxy`, unit: "ms", spread: spreadOf(samples.proxy) },
    ],
    addedMs: round(quantile(samples.proxy, 0.5) - quantile(samples.byHand, 0.5)),
  };
}

/** By the proxy's own access log; a result that another process answered would be another measure. */
function expectOneProcessEach(stateDir: string, conversations: number): void {
  const database = new Database(`${stateDir}/ccproxy.db`, { readonly: true });
  try {
    const begun = database.query("SELECT start FROM access_log WHERE start IN ('warm', 'cold')").values().length;
    if (begun !== conversations) throw new Error(`${begun} processes answered ${conversations} conversations`);
  } finally {
    database.close();
  }
}

/** A conversation with the tool; each `ask` gives the time from the call's result on. */
export function startToolConversation(url: string, mode: Mode): Conversation {
  const messages: unknown[] = [];
  return {
    async ask(prompt) {
      messages.push({ role: "user", content: prompt });
      const called = await readAnswer(await post(url, mode, messages, { tools }));
      if (called.callId === undefined) throw new Error("the proxy's answer has no call");
      await Bun.sleep(runsMs);
      messages.push(callOf(called.callId), resultOf(called.callId));
      const askedAt = performance.now();
      const { firstWordAt } = await readAnswer(await post(url, mode, messages, { tools }));
      if (firstWordAt === undefined) throw new Error("the proxy's answer has no text");
      messages.push({ role: "assistant", content: answer });
      return firstWordAt - askedAt;
    },
  };
}

async function readAnswer(response: Response) {
  if (!response.ok || response.body === null) throw new Error(`${response.status}: ${await response.text()}`);
  const seen: { callId: string | undefined; firstWordAt: number | undefined } = {
    callId: undefined,
    firstWordAt: undefined,
  };
  await eachLine(response.body, (line, at) => {
    seen.callId ??= CALL_ID.exec(line)?.[1];
    if (/"content":"[^"]/.test(line)) seen.firstWordAt ??= at;
  });
  return seen;
}

const callOf = (id: string) => ({
  role: "assistant",
  content: null,
  tool_calls: [{ id, type: "function", function: { name: "look", arguments: "{}" } }],
});
const resultOf = (id: string) => ({ role: "tool", tool_call_id: id, content: "seen" });

/** The CLI told the very lines that the proxy tells it; an agent's tool server is played as the proxy plays it. */
async function startByHand(options: DirectOptions): Promise<DirectCli> {
  const { mode } = options;
  const cli = start(options, true);
  const ready = cli.nextOfType("control_response");
  cli.write(controlLine("0", { subtype: "get_binary_version" }));
  await ready;
  const host = hostOf(cli);
  const messages: unknown[] = [];
  let known = "";
  /** What the process is still to be told of these messages. */
  const linesFor = (told: readonly unknown[]): readonly string[] => {
    const request = openaiChat.decodeRequest({ model: benchModel, stream: true, messages: told, tools });
    const setup = { mode, tools: mode === "agent" ? "both" : "client" } as const;
    const plan = planTurn(request, { setup, replacesMessages: mode === "chat" });
    const settings = JSON.stringify(plan.settings);
    const lines = [
      ...(known === "" && plan.initialize !== undefined ? [controlLine("1", plan.initialize)] : []),
      ...(settings === known
        ? []
        : [controlLine(`s${messages.length}`, { subtype: "apply_flag_settings", settings: plan.settings })]),
      queryLine(plan.query),
    ];
    known = settings;
    return lines;
  };
  return {
    async ask(prompt) {
      messages.push({ role: "user", content: prompt });
      const called = nextCall(cli);
      // A bare model's turn ends with its calls; an agent's waits in them.
      const over = mode === "chat" ? cli.nextOfType("result") : undefined;
      cli.write(...linesFor(mode === "chat" ? messages : messages.slice(-1)));
      const callId = await called;
      await over;
      await Bun.sleep(runsMs);
      messages.push(callOf(callId), resultOf(callId));
      const took =
        mode === "chat"
          ? await cli.timeTurn(...linesFor(messages))
          : await timeHeld(cli, () =>
              host.give([{ type: "tool-result", callId, content: [{ type: "text", text: "seen" }], isError: false }]),
            );
      messages.push({ role: "assistant", content: answer });
      return took;
    },
    end: () => options.programs.end(cli.program),
  };
}

function hostOf(cli: Started): ToolHost {
  const host = new ToolHost({
    tools: [{ name: "look", inputSchema: { type: "object", properties: {} } }],
    reply: (requestId, response) => cli.write(replyLine(requestId, response)),
    isOwnCall: () => true,
  });
  cli.onLine((line) => {
    if (!line.includes('"control_request"')) return;
    const asked = parseLine(line);
    if (asked.type === "control-request") host.asked(asked.requestId, asked.request);
  });
  return host;
}

async function nextCall(cli: Started): Promise<string> {
  const { text } = await cli.next((line) => line.includes("content_block_start") && CALL_ID.test(line));
  return CALL_ID.exec(text)?.[1] ?? "";
}

async function timeHeld(cli: Started, give: () => void): Promise<number> {
  const firstWord = cli.nextFirstWord();
  const over = cli.nextOfType("result");
  const givenAt = performance.now();
  give();
  const firstWordAt = await firstWord;
  await over;
  return firstWordAt - givenAt;
}
