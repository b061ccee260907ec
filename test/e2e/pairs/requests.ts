/** What is asked once in each format: what a backend cannot be told is named, or refused before anybody is asked. */
import { expect } from "bun:test";

import type { WireFormatId } from "#core/request.ts";

import { backends, isCli } from "./backends.ts";
import { arrives, askingAll, contents, saying, thoughts } from "./bodies.ts";
import type { Holding } from "./holding.ts";
import { type Client, ignoredIn, send, type Sent } from "./send.ts";
import { type ContentCase, contentCases, contentTable, type RequestCase } from "./table.ts";
import { chatMode } from "./talk.ts";

type Check = (client: Client, holding: Holding) => Promise<void>;

export const requests: Readonly<Record<RequestCase, Check>> = {
  async fields(client, holding) {
    const { bench, backend, format } = client;
    const arriving = contentCases.filter((name) => contentTable[name][backend][format].holds === "carried");
    const whole = askingAll(format, partsOf(format, arriving));
    for (const stream of backends[backend].goesOn ? [false] : [false, true]) {
      const body = { ...whole, ...(stream && { stream }) };
      expectNamed(await send(client, body), holding);
      const { body: asked } = bench.lastAsked();
      if (holding.holds === "carried") expect(asked).toEqual({ model: backends[backend].model, ...body });
      else expect(asked).toMatchObject(arrives[backend]);
      for (const name of arriving) expect(JSON.stringify(asked)).toContain(contents[name].mark);
    }
    if (holding.holds !== "named") return;
    bench.forget();
    const { status, text } = await send(client, whole, { "x-ccproxy-strict": "1" });
    expect(status).toBe(400);
    for (const name of holding.fields) expect(text).toContain(name);
    expect(bench.asked()).toEqual([]);
  },

  async thoughts(client, holding) {
    const sent = await send(client, thoughts[client.format]);
    if (holding.holds === "refused") {
      expect(sent).toMatchObject({ status: holding.status, text: expect.stringMatching(holding.words) });
      return;
    }
    expectNamed(sent, holding);
    expect(JSON.stringify(client.bench.lastAsked().body).includes("Hm.")).toBe(holding.holds === "carried");
  },

  async count({ bench, backend, format }, holding) {
    const { at, model } = backends[backend];
    const { anthropic } = bench.clients(at, chatMode);
    const messages = [{ role: "user" as const, content: "Hello." }];
    const asked = anthropic.messages.countTokens({ model, messages, system: "Be brief." });
    const { data, response } = await asked.withResponse();
    expect([format, data]).toEqual(["anthropic-messages", { input_tokens: expect.any(Number) }]);
    const counts = holding.holds === "carried";
    expect(response.headers.get("x-ccproxy-estimate")).toBe(counts ? null : "true");
    const paths = bench.asked().map(({ path }) => path);
    expect(paths).toEqual(counts ? [expect.stringMatching(/^\/v1\/messages\/count_tokens/)] : []);
  },

  async longName({ bench, backend }, holding) {
    const { at, model } = backends[backend];
    const { anthropic } = bench.clients(at, chatMode);
    const tools = [{ name: long, input_schema: { type: "object" as const } }];
    const ask = (content: string) =>
      anthropic.messages.create({
        model,
        max_tokens: 99,
        tools,
        messages: [{ role: "user", content }],
        ...(!isCli(backend) && { tool_choice: { type: "tool", name: long } }),
      });
    // Not everybody can be made to call it.
    const order = async () => `[[demo tool ${holding.holds === "carried" ? long : await nameOffered()} {}]]`;
    const { content } = await ask(isCli(backend) ? await order() : "Use it.");
    expect(content).toMatchObject([{ type: "tool_use", name: long }]);
    const renamed = bench.traffic.last().headers.get("x-ccproxy-renamed-tools");
    expect(renamed === null).toBe(holding.holds === "carried");
    const name = renamed?.slice(long.length + 1) ?? long;
    if (renamed !== null) expect(renamed).toStartWith(`${long}=`);
    if (renamed !== null) expect(name.length).toBeLessThanOrEqual(64);
    expect(JSON.stringify(bench.lastAsked().body)).toContain(`"name":"${name}"`);

    async function nameOffered(): Promise<string> {
      await ask("[[demo say ok]]");
      return /"name":"([^"]*server[^"]*)"/.exec(JSON.stringify(bench.lastAsked().body))?.[1] ?? "";
    }
  },

  async customTool({ bench, backend }) {
    const { at, model } = backends[backend];
    const { openai } = bench.clients(at, chatMode);
    const tools = [{ type: "custom" as const, name: "patch" }];
    const user = { role: "user" as const, content: '[[demo tool patch {"input": "*** Begin “ü”"}]]' };
    const { output } = await openai.responses.create({ model, input: [user], tools, store: false });
    const calls = output.flatMap((item) => (item.type === "custom_tool_call" ? [item] : []));
    expect(calls).toMatchObject([{ name: "patch", input: "*** Begin “ü”" }]);
    const results = calls.map(({ call_id }) => ({
      type: "custom_tool_call_output" as const,
      call_id,
      output: "Patched.",
    }));
    const last = await openai.responses.create({ model, input: [user, ...calls, ...results], tools, store: false });
    expect(last.output_text).toContain("Patched.");
  },
};

const long = `mcp__${"a_server_with_a_long_name".repeat(3)}__tool`;

function expectNamed(sent: Sent, holding: Holding): void {
  const { status, text } = sent;
  const fields = holding.holds === "named" ? holding.fields : [];
  expect({ status, ignored: ignoredIn(sent), text }).toEqual({ status: 200, ignored: fields.toSorted(), text });
}

const partsOf = (format: WireFormatId, names: readonly ContentCase[]): readonly object[] =>
  names.flatMap((name) => contents[name][format] ?? []);

/** What a message cannot hold is refused before anybody is asked; what it can is in the one of `fields`. */
export async function expectNoRoomFor(client: Client, name: ContentCase): Promise<void> {
  const { bench, backend, format } = client;
  const holding = contentTable[name][backend][format];
  const { status, text } = await send(client, saying(format, partsOf(format, [name])));
  if (holding.holds !== "refused") throw new Error("The table has to say what this fails with.");
  expect({ status, text }).toEqual({ status: holding.status, text: expect.stringMatching(holding.words) });
  expect(bench.asked()).toEqual([]);
}
