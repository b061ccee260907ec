/** A turn that waits for a client's tools keeps its workspace, and is found in no other. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readdirSync } from "node:fs";
import { join } from "node:path";

import type { Message, ToolDefinition } from "#core/request.ts";
import type { Workspace } from "#core/workspace.ts";

import { claudes } from "../support/proxy.ts";
import { type Answer, type Bench, eventually, openBench, request, says, workspaceAt } from "./support.ts";

setDefaultTimeout(60_000);

const lamp: ToolDefinition = { name: "set_lamp", inputSchema: { type: "object", properties: {} } };
const features = { tools: [lamp] };
const ephemeral: Workspace = { ...workspaceAt("unused"), name: "ephemeral", directory: undefined };
const prompt = [
  says(
    '[[demo tool Bash {"command": "touch here.txt", "description": "d"}]] [[demo then]] [[demo tool set_lamp]] [[demo then]] [[demo say Done.]]',
  ),
];

describe.each([...claudes])("claude $version", ({ path }) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(path, { allowedTools: ["Bash"], pool: { size: 0, maxAgeMs: 60_000, maxTurns: 9 } });
  });
  afterAll(() => bench.close());

  const ask = (messages: readonly Message[], workspace: Workspace): Promise<Answer> =>
    bench.ask(request(messages, { features }), { mode: "agent", tools: "both", workspace });
  /** The conversation with the call of an answer and its result. */
  const answered = ({ events }: Answer): readonly Message[] => {
    const call = events.find((event) => event.type === "tool-input-start" && event.executedBy === "client");
    const callId = call !== undefined && "id" in call ? call.id : "";
    return [
      ...prompt,
      { role: "assistant", content: [{ type: "tool-call", callId, toolName: "set_lamp", input: {} }] },
      {
        role: "user",
        content: [{ type: "tool-result", callId, content: [{ type: "text", text: "on" }], isError: false }],
      },
    ];
  };

  test("a result goes to the turn that waits in the same workspace only", async () => {
    const first = await ask(prompt, workspaceAt(mkdtempSync(join(bench.directory, "one-"))));
    expect(first.finish?.reason).toBe("tool-calls");
    const other = await ask(answered(first), workspaceAt(mkdtempSync(join(bench.directory, "two-"))));
    expect(other.facts.start).toBe("cold");
  });

  test("an ephemeral one stays as long as the turn waits, and goes with it", async () => {
    const made = () => readdirSync(join(bench.directory, "ephemeral"));
    const first = await ask(prompt, ephemeral);
    const [directory = ""] = made();
    expect(readdirSync(join(bench.directory, "ephemeral", directory))).toContain("here.txt");
    const second = await ask(answered(first), ephemeral);
    expect([second.facts.start, second.text]).toEqual(["live", "Done."]);
    expect(await eventually(() => made().length === 0, 20_000)).toBe(true);
  });
});
