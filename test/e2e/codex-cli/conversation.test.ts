/** A bare model behind the real Codex: what the model is asked, and what is told of its answer. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { ErrorKind } from "#core/errors.ts";
import type { Part } from "#core/request.ts";

import { childrenOf } from "../support/children.ts";
import { pixel } from "../support/media.ts";
import { waitFor } from "../support/proxy.ts";
import { answers, type Bench, codexProgram, openBench, request, says } from "./support.ts";

setDefaultTimeout(30_000);

const schema = {
  type: "object",
  properties: { n: { type: "integer" } },
  required: ["n"],
  additionalProperties: false,
};
const image: Part = { type: "image", source: { type: "base64", mediaType: "image/png", data: pixel } };

describe.skipIf(codexProgram === undefined)("a bare model", () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({}, 'developer_instructions = "Of the user."\nnotify = ["touch", "notified"]');
  });
  afterAll(() => bench.close());
  beforeEach(() => bench.forget());
  const lastAsked = () => bench.asked().at(-1) ?? { model: "", input: [] };

  // proves("upstream-codex")
  test("is asked nothing but what its client said, in that order", async () => {
    const messages = [
      says("one", image, { type: "text", text: "below it" }),
      answers({ type: "text", text: "two" }, { type: "tool-call", callId: "c1", toolName: "wait", input: { a: 1 } }),
      { role: "user", content: [{ type: "tool-result", callId: "c1", content: [image], isError: true }] },
      says("[[demo say three]]"),
    ] as const;
    const { text, finish, start } = await bench.ask(request(messages, { system: ["Be brief.", "Be kind."] }));
    expect([text, finish?.reason, finish?.steps, start?.model]).toEqual(["three", "stop", 1, "gpt-demo"]);
    const [body, ...more] = bench.asked();
    expect(more).toEqual([]);
    const picture = { type: "input_image", image_url: `data:image/png;base64,${pixel}` };
    expect(body?.input).toMatchObject([
      { role: "developer", content: [{ type: "input_text", text: "Be brief.\n\nBe kind." }] },
      { role: "user", content: [{ text: "one" }, picture, { text: "below it" }] },
      { role: "assistant", content: [{ type: "output_text", text: "two" }] },
      { type: "function_call", call_id: "c1", name: "client_wait", arguments: '{"a":1}' },
      { type: "function_call_output", call_id: "c1", output: [{ text: "Error: It follows." }, picture] },
      { role: "user", content: [{ text: "[[demo say three]]" }] },
    ]);
    expect(body?.tools).toEqual([]);
    expect(body).not.toHaveProperty("reasoning.summary");
    expect(existsSync(join(bench.home, "chat", "notified"))).toBe(false);
  });

  test("writes no file, although a model may still know the tool for it", async () => {
    const patch = "*** Begin Patch\n*** Add File: written.txt\n+pear\n*** End Patch\n";
    const prompt = `[[demo tool apply_patch ${JSON.stringify({ input: patch })}]] [[demo then]] [[demo say Done.]]`;
    const { text } = await bench.ask(request([says(prompt)], { model: "gpt-5.5" }));
    expect(text).toBe("Done.");
    expect(JSON.stringify(bench.asked().at(-1)?.input)).toContain("No usable execution environment");
    expect(existsSync(join(bench.home, "chat", "written.txt"))).toBe(false);
  });

  test("tells its thoughts, and gets back what was sealed of them", async () => {
    const asked = request([says("[[demo think Hm.]] [[demo say yes]]")], { features: { effort: "high" } });
    const first = await bench.ask(asked);
    expect(first.events.map(({ type }) => type)).toEqual([
      "start",
      "step-start",
      ...["reasoning-start", "reasoning-delta", "reasoning-end"],
      ...["text-start", "text-delta", "text-end"],
      "step-end",
      "finish",
    ] as const);
    expect(lastAsked()["reasoning"]).toEqual({ effort: "high", summary: "auto" });
    const signature = first.events.flatMap((event) => (event.type === "reasoning-end" ? event.signature : []))[0];
    const thought: Part = { type: "reasoning", text: "Hm.", signature: signature ?? "" };
    const foreign: Part = {
      type: "reasoning",
      text: "No.",
      signature: "openai|openai-responses:rs_1:AAAA",
      field: "thinking",
    };
    const said = answers(thought, { type: "text", text: "yes" });
    const other = answers(foreign, { type: "text", text: "no" });
    const { facts } = await bench.ask(request([...asked.messages, said, says("and?"), other, says("[[demo say ok]]")]));
    const sealed = lastAsked().input.filter(({ type }) => type === "reasoning");
    expect(sealed).toMatchObject([{ summary: [{ text: "Hm." }], encrypted_content: expect.any(String) }]);
    expect(facts.ignoredFields).toEqual(["thinking"]);
  });

  test("answers in the form of a schema", async () => {
    const features = { responseFormat: { type: "json-schema" as const, schema } };
    const { text } = await bench.ask(request([says("How many?")], { features }));
    expect(JSON.parse(text)).toEqual({ n: expect.any(Number) });
    expect(lastAsked()).toMatchObject({ text: { format: { type: "json_schema", strict: true, schema } } });
  });

  test("sees images, and is refused what Codex cannot take before anything is asked", async () => {
    const { text } = await bench.ask(request([says("[[demo media]]", image)]));
    expect(text).toContain("image/png");
    bench.forget();
    const pdf: Part = { type: "document", source: { type: "base64", mediaType: "application/pdf", data: "JVBERi0=" } };
    const { error } = await bench.ask(request([says("read", pdf)]));
    expect(error).toMatchObject({ kind: "invalid-request", options: { param: "messages[0].content[1]" } });
    const words: Part = { type: "document", source: { type: "text", mediaType: "text/plain", text: "plum" } };
    await bench.ask(request([says("read", words)]));
    expect(JSON.stringify(bench.asked())).toContain("plum");
    expect(bench.asked()).toHaveLength(1);
  });

  test("tokens are counted by class, and those of an answer that was cut short too", async () => {
    const whole = await bench.ask(
      request([says("[[demo say a]] [[demo usage in=10 out=7 read=20 write=5 thinking=3]]")]),
    );
    expect(whole.finish).toMatchObject({
      usage: {
        inputTokens: 35,
        outputTokens: 7,
        cacheReadInputTokens: 20,
        cacheWriteInputTokens: 5,
        reasoningTokens: 3,
      },
      steps: 1,
    });
    const cut = await bench.ask(
      request([says("[[demo say abc]] [[demo stop max_tokens]] [[demo usage in=10 out=2]]")]),
    );
    expect([cut.text, cut.finish]).toMatchObject([
      "abc",
      { reason: "length", rawReason: "max_output_tokens", usage: { inputTokens: 10, outputTokens: 2 } },
    ]);
  });

  test("a refusal has no words here, and is no plain end", async () => {
    const { text, finish } = await bench.ask(request([says("[[demo refuse No.]]")]));
    expect([text, finish?.reason]).toEqual(["", "content-filter"]);
    const filtered = await bench.ask(request([says("[[demo say abc]] [[demo stop refusal]]")]));
    expect([filtered.text, filtered.finish?.reason]).toEqual(["abc", "content-filter"]);
  });

  test("eight at once each get their own answer", async () => {
    const many = Array.from({ length: 8 }, (_, n) =>
      bench.ask(request([says(`[[demo text 5 delay=5]] [[demo say n${n}]]`)])),
    );
    const texts = (await Promise.all(many)).map(({ text }) => text);
    expect(texts.map((text) => text.match(/n\d$/)?.[0])).toEqual(["n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7"]);
    expect(childrenOf(`CODEX_HOME=${bench.home}`, process.pid)).toHaveLength(1);
  });

  test.each<[string, ErrorKind, number]>([
    ["error 400 too-long", "context-length", 1],
    ['error 400 message="No such thing"', "invalid-request", 1],
    ["error 401", "authentication", 2],
    ["error 403", "permission", 1],
    ['error 404 message="The model x does not exist"', "model-not-found", 1],
  ])("[[demo %s]] is told as %s, and not repeated without hope", async (words, kind, asked) => {
    const { error } = await bench.ask(request([says(`[[demo ${words}]]`)]));
    expect([error?.kind, bench.asked().length]).toEqual([kind, asked]);
    expect(error?.message).not.toMatch(/[{}]|https?:/);
  });

  // Codex may have asked for its summary by the time it is stopped.
  test("a conversation that is too long is refused, and not answered by a summary of it", async () => {
    const { error, text } = await bench.ask(
      request([says("word ".repeat(250_000)), answers({ type: "text", text: "ok" }), says("and?")]),
    );
    expect([error?.kind, text]).toEqual(["context-length", ""]);
  });

  test("an answer that breaks off is an error; one that had not begun is asked for again", async () => {
    const { text, error } = await bench.ask(request([says("[[demo text 4]] [[demo drop at=2]]")]));
    expect([text, error?.kind]).toEqual(["chunk 1 chunk 2 ", "upstream"]);
    const again = await bench.ask(request([says("[[demo error 503 times=1]] [[demo say ok]]")]));
    expect([again.text, again.finish?.reason]).toEqual(["ok", "stop"]);
  });

  test("a client that leaves ends the turn upstream", async () => {
    const leaving = new AbortController();
    const onEvents = () => leaving.abort();
    const { error } = await bench.ask(request([says("[[demo text 1000 delay=20]]")]), {
      signal: leaving.signal,
      onEvents,
    });
    expect(error?.kind).toBe("cancelled");
    await waitFor(() => (bench.upstream.openRequests() === 0 ? true : undefined), 5000);
    expect(bench.upstream.requests().at(-1)?.outcome).toBe("aborted");
  });

  test("Codex dies in mid-turn: that is an error, and the next request works", async () => {
    const [pid = 0] = childrenOf(`CODEX_HOME=${bench.home}`, process.pid);
    let killed = false;
    const onEvents = () => (killed ||= process.kill(pid, "SIGKILL"));
    const { error } = await bench.ask(request([says("[[demo text 1000 delay=20]]")]), { onEvents });
    expect(error).toMatchObject({ kind: "upstream", message: "Codex ended unexpectedly (by SIGKILL)." });
    const next = await bench.ask(request([says("[[demo say back]]")]));
    expect([next.text, next.facts.start]).toEqual(["back", "cold"]);
  });

  test("its models are Codex's", async () => {
    const models = await bench.backend.listModels(new AbortController().signal);
    expect(models.map(({ id }) => id)).toContain("gpt-5.5");
    // What its own configuration has as the default is not among them.
    expect(models.flatMap(({ aliases }) => aliases)).toEqual([]);
    expect(new Set(models.map(({ ownedBy }) => ownedBy))).toEqual(new Set(["openai"]));
    expect(bench.backend.status()).toMatchObject({ ready: true, version: "0.169.0", children: { idle: 1, busy: 0 } });
  });
});

describe.skipIf(codexProgram === undefined)("Codex itself", () => {
  test("is not started before it is asked, not twice at once, and is gone after the stop", async () => {
    const bench = await openBench({ model: "gpt-5.5" });
    const left = () => childrenOf(`CODEX_HOME=${bench.home}`, process.pid);
    expect(left()).toEqual([]);
    const both = [1, 2].map((n) => bench.ask(request([says(`[[demo say ${n}]]`)])));
    expect((await Promise.all(both)).map(({ text }) => text)).toEqual(["1", "2"]);
    expect(left()).toHaveLength(1);
    const late = bench.ask(request([says("[[demo text 1000 delay=20]]")]));
    await waitFor(() => (bench.upstream.openRequests() > 0 ? true : undefined), 5000);
    const models = await bench.backend.listModels(new AbortController().signal);
    expect(models.filter(({ aliases }) => aliases.includes("default")).map(({ id }) => id)).toEqual(["gpt-5.5"]);
    await bench.close();
    expect((await late).error?.kind).toBe("unavailable");
    expect(left()).toEqual([]);
    expect((await bench.ask(request([says("hi")]))).error?.kind).toBe("unavailable");
  });

  test("that has no login, or no program, says so and what to do", async () => {
    const bench = await openBench();
    writeFileSync(join(bench.home, "config.toml"), 'model_provider = "openai"\n');
    const { error } = await bench.ask(request([says("hi")]));
    expect(error).toMatchObject({ kind: "authentication", options: { hint: expect.stringContaining("codex login") } });
    await bench.close();
    const missing = await openBench({ codexPath: "/nowhere/codex" });
    expect((await missing.ask(request([says("hi")]))).error?.kind).toBe("unavailable");
    expect(missing.backend.status().ready).toBe(false);
    await missing.close();
  });

  test("that would ask us is refused: it would ask in a circle", async () => {
    const urls: string[] = [];
    const bench = await openBench({ selfUrls: () => urls });
    urls.push(bench.upstream.url.replace("127.0.0.1", "localhost"));
    const { error } = await bench.ask(request([says("hi")]));
    expect([error?.kind, bench.asked()]).toEqual(["unavailable", []]);
    await bench.close();
  });
});
