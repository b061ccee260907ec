/** Codex behind the built binary, for the official clients of every format: by its path, by its name, by routing. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type OpenAI from "openai";

import { openHandler } from "../support/approvals.ts";
import { childrenOf } from "../support/children.ts";
import { failureOf } from "../support/clients.ts";
import { type ProviderBench, openProviderBench } from "../support/provider-bench.ts";
import { waitFor } from "../support/proxy.ts";
import { readRows } from "../support/rows.ts";
import { codexProgram, providerConfig } from "./support.ts";

setDefaultTimeout(30_000);

describe.skipIf(codexProgram === undefined)("Codex over HTTP", () => {
  let bench: ProviderBench;
  beforeAll(async () => {
    bench = await openProviderBench({
      config: () => ({
        approvals: { enabled: true },
        codex: { enabled: true, path: codexProgram, models: ["gpt-*"], approval_policy: "untrusted" },
      }),
    });
    const home = join(bench.proxy.home, ".codex");
    mkdirSync(home);
    writeFileSync(join(home, "config.toml"), providerConfig(bench.demo.url));
  });
  afterAll(async () => {
    const { home, pid } = bench.proxy;
    await bench.proxy.end();
    expect(childrenOf(home, pid)).toEqual([]);
    await bench[Symbol.asyncDispose]();
  });
  beforeEach(() => bench.forget());
  const chat = { "x-ccproxy-mode": "chat" };

  // proves("api-prefixes-backends")
  test("the OpenAI SDK, streaming, by its path", async () => {
    const { openai } = bench.clients("/codex", chat);
    const stream = await openai.chat.completions.create({
      model: "gpt-demo",
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "[[demo think Hm.]] [[demo say Hello there]]" },
      ],
      reasoning_effort: "high",
      temperature: 1,
      stream: true,
      stream_options: { include_usage: true },
    });
    let [text, reason, total] = ["", "", 0];
    for await (const { choices, usage } of stream) {
      text += choices[0]?.delta.content ?? "";
      reason = choices[0]?.finish_reason ?? reason;
      total = usage?.total_tokens ?? total;
    }
    expect([text, reason, total > 0]).toEqual(["Hello there", "stop", true]);
    expect(bench.lastAsked().body).toMatchObject({ model: "gpt-demo", reasoning: { effort: "high" } });
    // By what it calls itself towards its vendor, it is ours.
    expect(bench.lastAsked().headers["originator"]).toBe("ccproxy");
  });

  test("the Anthropic SDK, by the model's name, with what cannot be honoured named", async () => {
    const { anthropic } = bench.clients("", chat);
    const { data, response } = await anthropic.messages
      .create({
        model: "codex-cli/gpt-demo",
        max_tokens: 100,
        messages: [{ role: "user", content: "[[demo say Hello there]]" }],
      })
      .withResponse();
    expect(data).toMatchObject({ content: [{ type: "text", text: "Hello there" }], stop_reason: "end_turn" });
    expect(response.headers.get("x-ccproxy-ignored-params")).toBe("max_tokens");
    expect(response.headers.get("x-ccproxy-backend")).toBe("codex-cli");
  });

  test("Responses, by routing: a name that Codex claims, and the next turn with the thoughts of the first", async () => {
    const { openai } = bench.clients("", chat);
    const asked = { role: "user" as const, content: "[[demo think Hm.]] [[demo say one]]" };
    const reasoning = { effort: "low" as const, summary: "auto" as const };
    const include = ["reasoning.encrypted_content" as const];
    const first = await openai.responses.create({
      model: "gpt-demo",
      input: [asked],
      reasoning,
      include,
      store: false,
    });
    expect(first.output_text).toBe("one");
    const again = { role: "user" as const, content: "[[demo say two]]" };
    const input = [asked, ...first.output, again] as OpenAI.Responses.ResponseInput; // As the API's guide does it.
    const second = await openai.responses.create({ model: "gpt-demo", input, reasoning, include, store: false });
    expect(second.output_text).toBe("two");
    expect(JSON.stringify(bench.lastAsked().body)).toContain('encrypted_content":"');
  });

  test("what goes on from a response of its, without a model, is its too; an effort that it lowers is named", async () => {
    const { openai } = bench.clients("", chat);
    const first = await openai.responses.create({ model: "codex-cli/gpt-5.5", input: "[[demo say one]]" });
    const { data, response } = await openai.responses
      .create({ previous_response_id: first.id, input: "[[demo say two]]", reasoning: { effort: "max" } })
      .withResponse();
    expect(data.output_text).toBe("two");
    expect(response.headers.get("x-ccproxy-backend")).toBe("codex-cli");
    expect(response.headers.get("x-ccproxy-ignored-params")).toBe("reasoning.effort");
    expect(bench.lastAsked().body).toMatchObject({ model: "gpt-5.5", reasoning: { effort: "xhigh" } });
  });

  test("an agent works in the workspace, asks for what it may not, and is seen as its client likes", async () => {
    const handler = await openHandler(bench.proxy.url);
    const { openai } = bench.clients("/api/codex", { "x-ccproxy-verbosity": "narrated" });
    const cmd = "echo plum > made.txt; cat made.txt";
    const answered = openai.chat.completions.create({
      model: "gpt-demo",
      messages: [
        {
          role: "user",
          content: `[[demo tool exec_command ${JSON.stringify({ cmd })}]] [[demo then]] [[demo say Done.]]`,
        },
      ],
    });
    const asked = await handler.event("permission_request");
    expect(asked).toMatchObject({ tool_name: "exec_command", input: { command: expect.stringContaining(cmd) } });
    await handler.respond(asked.request_id, { allowed: true });
    const text = (await answered).choices[0]?.message.content ?? "";
    expect(text).toMatch(/exec_command\([^]*plum[^]*Done\./);
    expect(readFileSync(join(bench.proxy.cwd, "made.txt"), "utf8")).toBe("plum\n");
    handler.leave();
  });

  test("a proxy that is killed takes Codex with it, and the demo needs no login", async () => {
    const demo = await openProviderBench({
      config: () => ({ codex: { enabled: true, path: codexProgram, home: "~/somebody" }, demo: true }),
    });
    const { openai } = demo.clients("/codex", chat);
    const { choices } = await openai.chat.completions.create({
      model: "gpt-demo",
      messages: [{ role: "user", content: "[[demo say Hello there]]" }],
    });
    expect(choices[0]?.message.content).toBe("Hello there");
    const { home, pid } = demo.proxy;
    expect(childrenOf(home, pid)).not.toEqual([]);
    demo.proxy.kill("SIGKILL");
    await waitFor(() => childrenOf(home, pid).length === 0 || undefined, 5000);
    await demo[Symbol.asyncDispose]();
  });

  test("a failure has the client's format and a true status", async () => {
    const { anthropic } = bench.clients("/codex", chat);
    const error = await failureOf(() =>
      anthropic.messages.create({
        model: "gpt-demo",
        max_tokens: 9,
        messages: [{ role: "user", content: "[[demo error 401]]" }],
      }),
    );
    expect(error).toMatchObject({ status: 401, error: { error: { message: expect.stringContaining("codex login") } } });
  });

  test("health knows it, its models are in the list, and each request has one row with a price of OpenAI's", async () => {
    const { openai, get } = bench.clients("", chat);
    await openai.chat.completions.create({ model: "codex-cli/gpt-5.5", messages: [{ role: "user", content: "hi" }] });
    expect(await (await get("/health")).text()).toContain("codex-cli");
    expect(await (await get("/codex/v1/models")).text()).toContain('"gpt-5.5"');
    const { data } = await openai.models.list();
    expect(data).toContainEqual(expect.objectContaining({ id: "codex-cli/gpt-5.5", owned_by: "openai" }));
    const row = await waitFor(
      () =>
        readRows(bench.proxy).find(({ modelAsked, endedAt }) => modelAsked === "codex-cli/gpt-5.5" && endedAt !== null),
      5000,
    );
    expect(row).toMatchObject({
      backend: "codex-cli",
      modelUsed: "gpt-5.5",
      mode: "chat",
      start: expect.any(String),
      status: 200,
    });
    expect(row.costUsd).toBeGreaterThan(0);
  });
});
