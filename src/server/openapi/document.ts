import "#server/production.ts";
import { swagger } from "@elysiajs/swagger";
import { toJsonSchemaDefs } from "@valibot/to-json-schema";
import { Elysia } from "elysia";

import { routes } from "#server/routes/table.ts";

import { namedSchemas } from "./schemas.ts";

const specPath = "/document";

/**
 * The OpenAPI 3.1 document of the server's routes as JSON text. It comes from an application of its own that has the
 * same routes and answers none of them, so writing the document needs neither a gateway nor a port.
 */
export async function renderOpenApi(version: string): Promise<string> {
  const app = new Elysia();
  for (const { method, path, operation } of routes)
    app.route(method, path, () => "", { detail: operation === undefined ? { hide: true } : untyped(operation) });
  app.use(
    swagger({ path: "/page", specPath, excludeStaticFile: false, documentation: untyped(documentation(version)) }),
  );
  const response = await app.handle(new Request(`http://localhost${specPath}`));
  return await response.text();
}

/** Elysia and its plugin pass on what they are given, but are typed for OpenAPI 3.0 and for mutable objects. */
function untyped(part: object): object {
  return part;
}

function documentation(version: string) {
  return {
    openapi: "3.1.0",
    info: {
      title: "ccproxy",
      version,
      description: "Claude Code, Codex and model APIs as OpenAI and Anthropic APIs.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/", description: "This server" }],
    tags,
    security: [{}, { bearer: [] }, { apiKey: [] }],
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "The access token, if the server has one." },
        apiKey: {
          type: "apiKey",
          in: "header",
          name: "x-api-key",
          description: "The same, as Anthropic's clients send it.",
        },
      },
    },
  };
}

const tags = [
  { name: "OpenAI", description: "For clients of OpenAI's API." },
  { name: "Anthropic", description: "For clients of Anthropic's API." },
  { name: "Models", description: "What can be asked for." },
  { name: "Approvals", description: "Tool calls of agents that wait for somebody's word." },
  { name: "Requests", description: "What is being answered now." },
  { name: "Sessions", description: "Conversations that are remembered under a name." },
  { name: "Health", description: "For people and supervisors." },
  { name: "Documentation", description: "These pages." },
  { name: "Other base URLs", description: "The same API under the paths of earlier proxies." },
];

function componentSchemas() {
  return toJsonSchemaDefs(namedSchemas, {
    target: "draft-2020-12",
    typeMode: "input",
    // A check that JSON Schema cannot say (a custom rule) is left out of the document.
    errorMode: "ignore",
    // What passes an object on as it is.
    overrideAction: ({ valibotAction }) => (valibotAction.type === "guard" ? { type: "object" } : undefined),
    overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
  });
}
