import { expect, test } from "bun:test";

import * as v from "valibot";

import { isRecord } from "#lib/is-record.ts";

import { renderConfigSchema } from "./render-schema.ts";
import { configSchema } from "./schema.ts";
import { allSettings } from "./setting.ts";
import { showSettings } from "./show.ts";

function at(schema: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((below, name) => {
    const properties = isRecord(below) ? below["properties"] : undefined;
    return isRecord(properties) ? properties[name] : undefined;
  }, schema);
}

test("every setting has a description, and its default", () => {
  const schema = renderConfigSchema();
  for (const key of allSettings()) {
    const found = at(schema, key.split("."));
    expect(isRecord(found) && typeof found["description"] === "string" ? "" : key).toBe("");
  }
  expect(at(schema, ["server", "port"])).toMatchObject({ type: "integer", minimum: 0, maximum: 65_535, default: 8000 });
  expect(at(schema, ["claude", "mode"])).toMatchObject({ enum: ["agent", "chat"], default: "agent" });
  expect(schema).toMatchObject({ type: "object", additionalProperties: false });
});

test("what is shown of a configuration has every setting and no secret", () => {
  const config = v.parse(configSchema, {
    server: { auth_token: "ccp_very-secret", tokens: { alice: "also-very-secret" } },
    claude: { mcp_config: ['{"mcpServers":{"a":{"headers":{"Authorization":"very-secret"}}}}', "/m.json"] },
    aliases: { fast: { model: "haiku" } },
  });
  const shown = showSettings({ config, sources: new Map(), files: [], environment: {}, userFile: "" });
  expect(JSON.stringify(shown)).not.toContain("very-secret");
  const values = new Map(shown.map(({ key, value }) => [key, value]));
  expect(values.get("claude.mcp_config")).toEqual(["[set, not shown]", "/m.json"]);
  expect(values.get("server.tokens.alice")).toBe("[set, not shown]");
  expect(values.get("aliases.fast.model")).toBe("haiku");
  expect(values.has("claude.path")).toBe(true);
});
