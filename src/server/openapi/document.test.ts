import { expect, test } from "bun:test";

import * as v from "valibot";

import { routes } from "#server/routes/table.ts";
import { startTestServer } from "#server/testing/test-server.ts";

import { renderOpenApi } from "./document.ts";

const operationSchema = v.looseObject({
  operationId: v.string(),
  summary: v.string(),
  tags: v.array(v.string()),
  parameters: v.optional(v.array(v.looseObject({ name: v.string() })), []),
  requestBody: v.optional(
    v.object({
      required: v.literal(true),
      content: v.object({
        "application/json": v.object({
          schema: v.object({ $ref: v.string() }),
          example: v.optional(v.unknown()),
          examples: v.optional(v.record(v.string(), v.object({ summary: v.string(), value: v.unknown() })), {}),
        }),
      }),
    }),
  ),
  responses: v.record(v.string(), v.looseObject({ description: v.string() })),
});

const documentSchema = v.looseObject({
  openapi: v.literal("3.1.0"),
  tags: v.array(v.looseObject({ name: v.string() })),
  paths: v.record(v.string(), v.record(v.string(), operationSchema)),
});

const text = await renderOpenApi("1.2.3");
const { paths, tags } = v.parse(documentSchema, JSON.parse(text));
const operations = Object.values(paths).flatMap((methods) => Object.values(methods));

// proves("api-openapi")
test("every route is in the document, but for what the page itself loads and what only Claude Code asks", () => {
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`),
  );
  // OpenAPI has no word for "and whatever else a provider has", and aliases would only make it longer.
  const served = routes
    .filter(({ path }) => !path.endsWith("*") && !path.endsWith("/api/hello") && !/^\/(?:cc|api)\//.test(path))
    .map(({ method, path }) => `${method} ${path}`);
  const swagger = ["start.js", "swagger-ui-bundle.js", "swagger-ui.css"].map((name) => `GET /swagger/${name}`);
  const assets = [...swagger, "GET /permissions/ui.js", "GET /permissions/ui.css"];
  expect(documented.toSorted()).toEqual(served.filter((route) => !assets.includes(route)).toSorted());
});

test("every operation has a name of its own, a known tag and a summary", () => {
  const ids = operations.map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  const known = tags.map(({ name }) => name);
  for (const operation of operations) expect(known).toContain(operation.tags[0] ?? "");
});

test("every request example is answered with 200 as it is", async () => {
  await using server = startTestServer();
  for (const [path, { post }] of Object.entries(paths)) {
    const content = post?.requestBody?.content["application/json"];
    // There is nothing of the name in the pattern.
    if (content === undefined || path.includes("{")) continue;
    const examples = [content.example, ...Object.values(content.examples).map(({ value }) => value)].filter(Boolean);
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      const response = await fetch(server.url + path, { method: "POST", body: JSON.stringify(example) });
      expect([path, response.status]).toEqual([path, 200]);
      await response.text();
    }
  }
});

test("the turn routes say how they stream and how they fail", () => {
  for (const path of ["/v1/chat/completions", "/v1/messages"]) {
    const { responses, parameters } = v.parse(operationSchema, paths[path]?.["post"]);
    expect(Object.keys(v.parse(v.looseObject({ content: v.looseObject({}) }), responses["200"]).content)).toEqual([
      "application/json",
      "text/event-stream",
    ]);
    for (const status of ["400", "401", "404", "413", "429", "502", "503"]) expect(responses).toHaveProperty(status);
    expect(parameters.map(({ name }) => name)).toEqual([
      "X-CCProxy-Mode",
      "X-CCProxy-Tools",
      "X-CCProxy-Verbosity",
      "X-CC-Claude-Model",
      "X-CCProxy-Backend",
      "X-CC-Effort",
      "X-CCProxy-Workspace",
      "X-CCProxy-Session",
      "X-CCProxy-Busy",
      "X-CCProxy-Strict",
      "Idempotency-Key",
      "X-Request-Id",
    ]);
  }
});

test("both addresses serve this document", async () => {
  await using server = startTestServer();
  for (const path of ["/swagger/json", "/openapi.json"])
    expect(await (await fetch(server.url + path)).text()).toBe(text);
});
