/** Claude Code itself as a client that brings its own tools: it runs them where it is, with no header of ours. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { conversationOf } from "../support/asked.ts";
import { type ClaudeClient, createClaudeClient } from "../support/claude-client.ts";
import { type ClientBench, openClientBench } from "../support/client-bench.ts";
import { claudes } from "../support/proxy.ts";

setDefaultTimeout(60_000);
const tool = (name: string, input: unknown): string => `[[demo tool ${name} ${JSON.stringify(input)}]]`;

describe.each(claudes.slice(0, 1))("in front of claude $version", ({ path: serverPath }) => {
  let bench: ClientBench;
  beforeAll(async () => {
    bench = await openClientBench({ claude: serverPath });
  });
  afterAll(() => bench.end());
  beforeEach(() => bench.forget());

  // proves("tool-claude-code")
  describe.each([...claudes])("claude $version as the client", ({ path, version }) => {
    let client: ClaudeClient;
    beforeAll(() => {
      client = createClaudeClient(bench.proxy, { path, version });
    });

    test("writes a file and reads it, each step once and on the same live child", async () => {
      const file = join(client.directory, "made.txt");
      const steps = [
        tool("Write", { file_path: file, content: "by the client\n" }),
        `${tool("Read", { file_path: file })} ${tool("Bash", { command: "echo from-its-shell", description: "d" })}`,
        "[[demo say All done.]]",
      ];
      const said = await client.asJson(
        steps.join(" [[demo then]] "),
        "--permission-mode=acceptEdits",
        "--allowed-tools=Bash",
      );
      expect(said).toMatchObject({ code: 0, is_error: false, result: "All done.", stop_reason: "end_turn" });
      expect(readFileSync(file, "utf8")).toBe("by the client\n");
      expect(existsSync(join(bench.proxy.cwd, "made.txt"))).toBe(false);

      // Its tools are those the model was offered, as they came.
      const asked = bench.asked().filter((body) => JSON.stringify(body.messages).includes("by the client"));
      expect(asked).toHaveLength(3);
      const names = (bench.lastAsked()["tools"] as { name: string }[]).map(({ name }) => name); // Of this API.
      for (const name of ["Write", "Read", "Bash"]) expect(names.filter((one) => one === name)).toHaveLength(1);
      const results = JSON.stringify(conversationOf(bench.lastAsked()).slice(1));
      for (const text of ["by the client", "from-its-shell"]) expect(results).toContain(text);
    });

    test("is refused a tool by its own permissions, and goes on", async () => {
      const file = join(client.directory, "refused.txt");
      const said = await client.asJson(
        `${tool("Write", { file_path: file, content: "no" })} [[demo then]] [[demo say Refused.]]`,
      );
      expect(said).toMatchObject({ code: 0, result: "Refused." });
      expect(existsSync(file)).toBe(false);
      expect(JSON.stringify(conversationOf(bench.lastAsked()))).toContain('"is_error":true');
    });

    test("has tools that the vendor runs passed on", async () => {
      const said = await client.asJson(
        `${tool("WebSearch", { query: "ccproxy" })} [[demo then]] [[demo say Searched.]]`,
        "--allowed-tools=WebSearch",
        // 2.1.197 forces the search, which later models refuse.
        "--model=claude-opus-4-8",
      );
      expect(said).toMatchObject({ code: 0, result: "Searched." });
      const searches = bench.asked().filter((body) => JSON.stringify(body["tools"] ?? []).includes("web_search_2025"));
      expect(searches).toHaveLength(1);
    });

    test("gets an answer in the form of a schema", async () => {
      const schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
      const said = await client.asJson(tool("StructuredOutput", { n: 7 }), `--json-schema=${JSON.stringify(schema)}`);
      expect(said).toMatchObject({ code: 0, structured_output: { n: 7 } });
    });
  });

  test("each request but the first of a turn was answered by a live child", async () => {
    const rows = (await bench.end()).filter(({ path }) => path === "/v1/messages");
    expect(rows.filter(({ status }) => status !== 200)).toEqual([]);
    expect(new Set(rows.map(({ mode }) => mode))).toEqual(new Set(["chat"]));
    // Of each client: two results of the first test, one of the second, one of the search.
    expect(rows.filter(({ start }) => start === "live").length).toBeGreaterThanOrEqual(4 * claudes.length);
  });
});
