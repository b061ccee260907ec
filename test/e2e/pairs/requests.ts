/** What is asked once in each format: what a backend cannot be told is named, or refused before anybody is asked. */
import { expect } from "bun:test";

import { backends, isCli } from "./backends.ts";
import { arrives, contents, everything, saying, thoughts } from "./bodies.ts";
import { carried, type Holding } from "./holding.ts";
import { type Client, ignoredIn, send } from "./send.ts";
import { type ContentCase, contentCases, contentTable, type RequestCase } from "./table.ts";
import { chatMode } from "./talk.ts";

type Check = (client: Client, holding: Holding) => Promise<void>;

export const requests: Readonly<Record<RequestCase, Check>> = {
  async fields(client, holding) {
    const { bench, backend, format } = client;
    for (const stream of backends[backend].isCostly ? [false] : [false, true]) {
      const body = { ...everything[format], ...(stream && { stream }) };
      const sent = await send(client, body);
      expect({ ...sent, ignored: ignoredIn(sent) }).toMatchObject({ status: 200, ignored: namedBy(holding) });
      const { body: asked } = bench.lastAsked();
      if (holding.holds === "carried") expect(asked).toEqual({ model: backends[backend].model, ...body });
      else expect(asked).toMatchObject(arrives[backend]);
    }
    if (holding.holds !== "named") return;
    bench.forget();
    const { status, text } = await send(client, everything[format], { "x-ccproxy-strict": "1" });
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
    expect({ ...sent, ignored: ignoredIn(sent) }).toMatchObject({ status: 200, ignored: namedBy(holding) });
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
    // Whom nobody can force to call is told by its name.
    const offered = isCli(backend) ? await nameOffered() : undefined;
    const { content } = await ask(offered === undefined ? "Use it." : `[[demo tool ${offered} {}]]`);
    expect(content).toMatchObject([{ type: "tool_use", name: long }]);
    const renamed = bench.traffic.last().headers.get("x-ccproxy-renamed-tools");
    expect(renamed === null).toBe(holding.holds === "carried");
    const name = renamed?.slice(long.length + 1) ?? long;
    if (renamed !== null) expect(renamed).toStartWith(`${long}=`);
    if (renamed !== null) expect(name.length).toBeLessThanOrEqual(64);
    expect(JSON.stringify(bench.lastAsked().body)).toContain(`"name":"${name}"`);

    async function nameOffered(): Promise<string> {
      await ask("[[demo say ok]]");
      return /"name":"([^"]*tool[^"]*)"/.exec(JSON.stringify(bench.lastAsked().body))?.[1] ?? "";
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

const namedBy = (holding: Holding): readonly string[] =>
  holding.holds === "named" ? holding.fields.toSorted() : holding === carried ? [] : ["the table has to say"];

/** All that can be carried, in one message; what is not is refused by itself, and nobody is asked. */
export async function expectContents(client: Client): Promise<void> {
  const { bench, backend, format } = client;
  const saidOf = (names: readonly ContentCase[]) => saying(format, names.flatMap((name) => contents[name][format] ?? []));
  const arriving: ContentCase[] = [];
  for (const name of contentCases) {
    const holding = contentTable[name][backend][format];
    expect([name, contents[name][format] === undefined]).toEqual([name, holding.holds === "unsayable"]);
    if (holding.holds === "carried") arriving.push(name);
    if (holding.holds !== "refused") continue;
    const { status, text } = await send(client, saidOf([name]));
    expect({ name, status, text }).toEqual({ name, status: holding.status, text: expect.stringMatching(holding.words) });
  }
  expect(bench.asked()).toEqual([]);
  if (arriving.length === 0) return;
  const { status, text } = await send(client, saidOf(arriving));
  expect({ status, text }).toMatchObject({ status: 200 });
  const asked = JSON.stringify(bench.lastAsked().body);
  for (const name of arriving) expect(asked).toContain(contents[name].mark);
}
