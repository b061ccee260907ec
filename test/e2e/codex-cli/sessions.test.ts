/** An agent's conversation goes on in the thread that has it, and with what Codex wrote down where that is gone. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Message, ModelRequest } from "#core/request.ts";

import { childrenOf } from "../support/children.ts";
import { waitFor } from "../support/proxy.ts";
import {
  type Answer,
  answers,
  type AskOptions,
  type Bench,
  codexProgram,
  lookup,
  openBench,
  request,
  says,
  withResults,
  workspaceAt,
} from "./support.ts";

setDefaultTimeout(30_000);

const look = '[[demo tool exec_command {"cmd":"cat note.txt"}]] [[demo then]] [[demo say Seen.]]';
const secret = "The word is plum.";

/** A client that keeps its conversation, and sends all of it each time. */
function startConversation(bench: Bench, options: AskOptions = {}, overrides: Partial<ModelRequest> = {}) {
  let messages: readonly Message[] = [];
  let resume: string | undefined;
  return {
    async ask(prompt: string, more: AskOptions = {}): Promise<Answer> {
      messages = [...messages, says(prompt)];
      const session = options.session && { ...options.session, ...(resume !== undefined && { resume }) };
      const asked = { mode: "agent" as const, ...options, ...more, ...(session && { session }) };
      const answer = await bench.ask(request(messages, overrides), asked);
      resume = answer.facts.resume ?? resume;
      messages = [...messages, answers({ type: "text", text: answer.text })];
      return answer;
    },
    /** As if the last of its questions had not been asked. */
    forgetLast() {
      messages = messages.slice(0, -2);
    },
    resume: () => resume,
  };
}

describe.skipIf(codexProgram === undefined)("an agent's conversation", () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ sandbox: "danger-full-access" });
    writeFileSync(join(bench.workspace, "note.txt"), secret);
  });
  afterAll(() => bench.close());
  beforeEach(() => bench.forget());
  const lastAsked = () => bench.asked().at(-1)?.input ?? [];
  const knows = () => JSON.stringify(lastAsked()).includes(secret);
  const written = () => readdirSync(bench.home, { recursive: true }).filter((name) => String(name).includes("rollout"));
  const named = (id = crypto.randomUUID()) => ({ session: { id, named: true } });
  async function kill(): Promise<void> {
    for (const pid of childrenOf(`CODEX_HOME=${bench.home}`, process.pid)) process.kill(pid, "SIGKILL");
    await waitFor(() => bench.backend.status().detail.includes("first request") || undefined, 5000);
  }

  // proves("upstream-codex")
  test("goes on where it was: what the tools said is known, and each turn is counted for itself", async () => {
    const conversation = startConversation(bench);
    const first = await conversation.ask(`${look} [[demo usage in=10 out=5]]`);
    const second = await conversation.ask("[[demo say Two.]] [[demo usage in=20 out=7]]");
    expect([second.text, second.facts.start, knows()]).toEqual(["Two.", "live", true]);
    const [one, two, three] = bench.asked();
    expect(new Set([one, two, three].map((body) => body?.["prompt_cache_key"])).size).toBe(1);
    const kinds = three?.input.map(({ role, type }) => role ?? type) ?? [];
    expect(kinds.slice(-5)).toEqual(["user", "function_call", "function_call_output", "assistant", "user"]);
    expect([first.finish?.steps, first.finish?.usage.outputTokens]).not.toContain(0);
    expect(second.finish?.usage).toMatchObject({ inputTokens: 20, outputTokens: 7 });
    expect(second.finish?.steps).toBe(1);
  });

  test.each<[string, AskOptions]>([
    ["another caller", { principal: "somebody else" }],
    ["other rules of its workspace", { workspace: { ...workspaceAt("/"), addDirs: ["/tmp"] } }],
  ])("is begun anew for %s", async (_, more) => {
    const conversation = startConversation(bench);
    await conversation.ask(look);
    const { facts } = await conversation.ask("[[demo say Two.]]", more);
    expect([facts.start, knows()]).toEqual(["warm", false]);
  });

  test("that was edited is told anew, and the same twice is two", async () => {
    const conversation = startConversation(bench);
    await conversation.ask(look);
    await conversation.ask("[[demo say Two.]]");
    conversation.forgetLast();
    const other = await conversation.ask("[[demo say Three.]]");
    expect([other.text, other.facts.start, knows()]).toEqual(["Three.", "warm", false]);
    conversation.forgetLast();
    expect((await conversation.ask("[[demo say Four.]]")).facts.start).toBe("warm");
  });

  test("that was broken off is told anew", async () => {
    const conversation = startConversation(bench);
    await conversation.ask(look);
    const { error } = await conversation.ask("[[demo text 5]] [[demo drop at=2]]");
    expect(error?.kind).toBe("upstream");
    conversation.forgetLast();
    expect((await conversation.ask("[[demo say Two.]]")).facts.start).toBe("warm");
  });

  test("goes on after results of the client's tools", async () => {
    const options = { tools: "both" } as const;
    const asked = request(
      [says(look.replace("[[demo say Seen.]]", '[[demo tool lookup {"of":"it"}]] [[demo then]] [[demo say It.]]'))],
      {
        features: { tools: [lookup] },
      },
    );
    const first = await bench.ask(asked, { mode: "agent", ...options });
    const brought = withResults(asked, first, ["pear"]);
    const second = await bench.ask(brought, { mode: "agent", ...options });
    const third = await bench.ask(
      {
        ...brought,
        messages: [...brought.messages, answers({ type: "text", text: second.text }), says("[[demo say End.]]")],
      },
      { mode: "agent", ...options },
    );
    expect([first.facts.start, second.facts.start, third.facts.start, knows()]).toEqual(["warm", "live", "live", true]);
  });

  test("keeps no more of them than may, and writes none down that has no name", async () => {
    const small = await openBench({ sandbox: "danger-full-access", maxSessions: 1 });
    const conversations = [startConversation(small), startConversation(small)];
    for (const { ask } of conversations) await ask("[[demo say One.]]");
    const starts = [];
    for (const { ask } of conversations.toReversed()) starts.push((await ask("[[demo say Two.]]")).facts.start);
    expect(starts).toEqual(["live", "warm"]);
    expect(readdirSync(small.home, { recursive: true }).filter((name) => String(name).includes("rollout"))).toEqual([]);
    await small.close();
  });

  test("with a name outlives Codex, an answer that broke off, and a change of mind", async () => {
    const conversation = startConversation(bench, named());
    const first = await conversation.ask(look);
    expect(first.facts.sessionId).toBeString();
    await kill();
    const second = await conversation.ask("[[demo say Two.]] [[demo usage in=20 out=7]]");
    expect([second.text, second.facts.start, knows()]).toEqual(["Two.", "cold", true]);
    expect(second.finish?.usage).toMatchObject({ inputTokens: 20, outputTokens: 7 });
    await conversation.ask("[[demo text 5]] [[demo drop at=2]] gone");
    conversation.forgetLast();
    expect((await conversation.ask("[[demo say Three.]]")).facts.start).toBe("warm");
    expect([knows(), JSON.stringify(lastAsked()).includes("gone")]).toEqual([true, false]);
    for (const _ of ["Three", "Two"]) conversation.forgetLast();
    expect((await conversation.ask("[[demo say Four.]]")).text).toBe("Four.");
    expect(
      lastAsked()
        .map(({ content }) => JSON.stringify(content))
        .join(),
    ).not.toContain("Two.");
    expect(knows()).toBe(true);
  });

  test("is forgotten with all that was written down of it, and so is one that came to nothing", async () => {
    const id = crypto.randomUUID();
    const conversation = startConversation(bench, named(id));
    const before = written().length;
    await conversation.ask(look);
    await kill();
    await conversation.ask("[[demo say Two.]]");
    expect(written()).toHaveLength(before + 2);
    bench.backend.forget?.({ principal: "tester", id, resume: conversation.resume() });
    await waitFor(() => written().length === before || undefined, 5000);
    await startConversation(bench, named()).ask("[[demo error 403]]");
    await waitFor(() => written().length === before || undefined, 5000);
  });

  test("whose memory Codex has lost is told anew", async () => {
    const id = crypto.randomUUID();
    const conversation = startConversation(bench, named(id));
    await conversation.ask(look);
    const lost = conversation.resume() ?? "";
    bench.backend.forget?.({ principal: "tester", id, resume: lost });
    await waitFor(() => !written().some((name) => lost.includes(String(name).slice(-42, -6))) || undefined, 5000);
    const { text, facts } = await conversation.ask("[[demo say Two.]]");
    expect([text, facts.start, knows()]).toEqual(["Two.", "warm", false]);
  });
});
