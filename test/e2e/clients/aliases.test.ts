/** How a request is run by what the configuration calls its model: aliases, pins, names of OpenAI's; and by headers. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type ClientBench, openClientBench } from "../support/client-bench.ts";
import { newestClaude } from "../support/proxy.ts";
import { expectOneRowEach } from "../support/traffic.ts";

setDefaultTimeout(30_000);
const model = "claude-sonnet-5-5";
const config = `
[aliases.writer]
model = "${model}"
permission_mode = "acceptEdits"

[aliases.planner]
model = "${model}"
permission_mode = "plan"
effort = "low"
system_prompt = "You only plan."

[aliases.poet]
model = "opus"
mode = "chat"
system_prompt = "You answer in verse."

[model_versions]
opus = "claude-opus-4-6"

[models]
passthrough = false
openai_names = { "gpt-4o" = "claude-haiku-5-5" }
`;
const say = (text: string) => [{ role: "user" as const, content: `[[demo say ${text}]]` }];

describe.each(newestClaude)("claude $version", ({ path }) => {
  let bench: ClientBench;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "ccproxy-aliases-"));
    const file = join(folder, "ccproxy.toml");
    writeFileSync(file, config);
    bench = await openClientBench({ claude: path, args: ["--config", file] });
  });
  afterAll(async () => {
    await bench.end();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => bench.forget());

  const asWritten = (headers: Record<string, string> = {}) =>
    bench.clients("agent", { headers: { "x-ccproxy-mode": "", ...headers } });
  const effortAsked = () => bench.lastAsked()["output_config"];
  const write = (name: string) => {
    const file = join(bench.proxy.cwd, name);
    const input = JSON.stringify({ file_path: file, content: "x" });
    const content = `[[demo tool Write ${input}]] [[demo then]] [[demo say Written, or not.]]`;
    return { file, messages: [{ role: "user" as const, content }] };
  };

  test('an alias is its model, effort, instructions and mode; proves("model-aliases")', async () => {
    const { openai, anthropic } = asWritten();
    const system = { role: "system" as const, content: "Be brief." };
    await openai.chat.completions.create({ model: "planner", messages: [system, ...say("a")] });
    expect(bench.lastAsked().model).toBe(model);
    expect(effortAsked()).toMatchObject({ effort: "low" });
    expect(bench.lastAsked().system.at(-1)?.text).toEndWith("You only plan.\n\nBe brief.");
    await anthropic.messages.create({ model: "poet", max_tokens: 99, system: "Be brief.", messages: say("b") });
    expect(bench.lastAsked().model).toBe("claude-opus-4-6");
    expect(bench.lastAsked().system.at(-1)?.text).toBe("You answer in verse.\n\nBe brief.");
    expect(bench.traffic.last().headers.get("x-ccproxy-mode")).toBe("chat");
  });

  // proves("model-options")
  test("what an agent may do is the alias's to say, from the first turn to the last", async () => {
    const { openai } = asWritten();
    const first = write("by-writer.txt");
    const answer = await openai.chat.completions.create({ model: "writer", messages: first.messages });
    expect(existsSync(first.file)).toBe(true);
    for (const name of ["planner", "sonnet"]) {
      const refused = write(`by-${name}.txt`);
      await openai.chat.completions.create({ model: name, messages: refused.messages });
      expect(existsSync(refused.file)).toBe(false);
    }
    // The same conversation goes on by another name: its child may do more than that name allows.
    const said = answer.choices[0]?.message ?? { role: "assistant" as const, content: "" };
    const next = write("later.txt");
    await openai.chat.completions.create({ model: "planner", messages: [...first.messages, said, ...next.messages] });
    expect(existsSync(next.file)).toBe(false);
    expect((await bench.rowOf(bench.traffic.last().requestId)).start).not.toBe("live");
    const again = write("again.txt");
    await openai.chat.completions.create({ model: "writer", messages: [...first.messages, said, ...again.messages] });
    expect(existsSync(again.file)).toBe(true);
    expect((await bench.rowOf(bench.traffic.last().requestId)).start).toBe("live");
  });

  test("no header widens what an agent may do", async () => {
    const headers = { "X-CC-Permission-Mode": "acceptEdits", "X-CCProxy-Permission-Mode": "bypassPermissions" };
    const { file, messages } = write("by-header.txt");
    await asWritten(headers).openai.chat.completions.create({ model: "planner", messages });
    expect(existsSync(file)).toBe(false);
  });

  // proves("model-options")
  test("the headers choose effort and model", async () => {
    const headers = { "X-CC-Effort": "max", "X-CC-Claude-Model": "opus" };
    await asWritten(headers).openai.chat.completions.create({ model: "writer", messages: say("a") });
    expect(bench.lastAsked().model).toBe("claude-opus-4-6");
    expect(effortAsked()).toMatchObject({ effort: "max" });
    expect(bench.traffic.last().headers.get("x-ccproxy-model")).toBe("claude-opus-4-6");
    const wrong = await asWritten({ "X-CC-Effort": "minimal" }).post("/v1/messages", {});
    expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining("X-CC-Effort")]);
  });

  test("a model that the CLI takes in another's place, as it does to plan, is named", async () => {
    const headers = { "X-CC-Claude-Model": "haiku" };
    await asWritten(headers).openai.chat.completions.create({ model: "planner", messages: say("a") });
    const answered = bench.traffic.last().headers.get("x-ccproxy-model");
    expect(answered).toMatch(/^claude-sonnet-/);
    expect(bench.lastAsked().model).toBe(answered ?? "");
  });

  // proves("model-options")
  test("a name of OpenAI's never hides what answers", async () => {
    const answer = await asWritten().openai.chat.completions.create({ model: "gpt-4o", messages: say("a") });
    expect(answer.model).toBe("claude-haiku-5-5");
    const { headers, requestId } = bench.traffic.last();
    expect(headers.get("x-ccproxy-model")).toBe("claude-haiku-5-5");
    expect(await bench.rowOf(requestId)).toMatchObject({ modelAsked: "gpt-4o", modelUsed: "claude-haiku-5-5" });
  });

  // proves("model-options")
  test("with passthrough off, a name that is not in the list is a 404 and asks nobody", async () => {
    const { openai, post } = asWritten();
    for (const [route, name] of [
      ["/v1/chat/completions", "claude-fable-4"],
      ["/v1/messages", "gpt-5"],
    ]) {
      const response = await post(route ?? "", { model: name, max_tokens: 9, messages: say("a") });
      expect([response.status, await response.text()]).toEqual([404, expect.stringContaining(name ?? "")]);
    }
    const header = await asWritten({ "X-CC-Claude-Model": "claude-fable-4" }).post("/v1/messages", {
      model: "planner",
      max_tokens: 9,
      messages: say("a"),
    });
    expect(header.status).toBe(404);
    expect(bench.requests()).toEqual([]);
    const listed = await Array.fromAsync(openai.models.list());
    const ids = listed.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(["planner", "writer", "poet", "gpt-4o", "claude-opus-4-6"]));
    expect((await openai.models.retrieve("opus")).id).toBe("claude-opus-4-6");
    const shown = await asWritten().anthropic.models.retrieve("planner");
    expect(shown.display_name).toBe(`planner (${model}, low effort)`);
    expect(await openai.models.retrieve("planner")).toMatchObject({
      description: expect.stringMatching(/^Stands for /),
    });
    await openai.chat.completions.create({ model: "haiku", messages: say("a") });
    expect(bench.lastAsked().model).toMatch(/haiku/);
  });

  test("the access log has one row each", async () => {
    expectOneRowEach(await bench.end(), bench.traffic.sent);
  });
});
