import { efforts } from "#core/request.ts";
import { verbosities } from "#core/verbosity.ts";

import type { MediaType, Parameter, Reference, ResponseObject } from "./operation.ts";
import type { SchemaName } from "./schemas.ts";

/** Pieces several operations share. */

export function schemaRef(name: SchemaName): Reference {
  return { $ref: `#/components/schemas/${name}` };
}

export function json(name: SchemaName, description: string, headers?: ResponseObject["headers"]): ResponseObject {
  return {
    description,
    ...(headers !== undefined && { headers }),
    content: { "application/json": { schema: schemaRef(name) } },
  };
}

/** A stream of server-sent events whose `data:` lines are JSON of one schema. */
export function eventStream(name: SchemaName, example: string): MediaType {
  return {
    schema: { type: "string", contentMediaType: "application/json", contentSchema: schemaRef(name) },
    example,
  };
}

export const requestIdParameter: Parameter = {
  name: "X-Request-Id",
  in: "header",
  description:
    "Your own id for the request. It comes back in the answer and stands in the log; without a fit one, one is made.",
  schema: { type: "string", maxLength: 128 },
};

export const modeParameter: Parameter = {
  name: "X-CCProxy-Mode",
  in: "header",
  description:
    "`agent`: Claude Code with its own tools, working in the configured directory. `chat`: a bare model. The default is configured.",
  schema: { type: "string", enum: ["agent", "chat"] },
};

const toolsParameter: Parameter = {
  name: "X-CCProxy-Tools",
  in: "header",
  description:
    "Whose tools the model is offered. `client`: those of the request, to a bare model. `agent`: Claude Code's own. `both`: those of the request beside Claude Code's. By default a request that brings tools gets those, one that brings none the agent's.",
  schema: { type: "string", enum: ["client", "agent", "both"] },
};

const verbosityParameter: Parameter = {
  name: "X-CCProxy-Verbosity",
  in: "header",
  description:
    "What of Claude Code's own tools the answer shows: `text-only` (or `ignore`) nothing, `narrated` a line each, `verbose` Markdown with input and output, `formatted` XML elements with JSON, `forward` parts of their own. The default is configured. `X-CC-Verbosity` means the same.",
  schema: { type: "string", enum: [...verbosities] },
};

const modelParameter: Parameter = {
  name: "X-CC-Claude-Model",
  in: "header",
  description: "The model to ask, whatever the body names; an alias there settles the rest.",
  schema: { type: "string" },
};

export const backendParameter: Parameter = {
  name: "X-CCProxy-Backend",
  in: "header",
  description:
    "What is to answer: `claude-cli`, or a provider of the configuration. Otherwise the rules of routing say, or the model's name.",
  schema: { type: "string" },
};

const effortParameter: Parameter = {
  name: "X-CC-Effort",
  in: "header",
  description: "The model's effort, whatever the body or its alias says. `X-CCProxy-Effort` means the same.",
  schema: { type: "string", enum: [...efforts] },
};

const idempotencyKeyParameter: Parameter = {
  name: "Idempotency-Key",
  in: "header",
  description:
    "Your own name for the request. Repeated with the same key within the configured time, it gets the answer of the first, byte for byte, marked by `X-CCProxy-Replayed`, and costs nothing.",
  schema: { type: "string", maxLength: 255 },
};

export const workspaceParameter: Parameter = {
  name: "X-CCProxy-Workspace",
  in: "header",
  description:
    "Where an agent works: a configured name, `ephemeral` for a directory made for this request alone, or a path where the server allows that. `X-CC-Workspace` is read too. Percent-encode what is not ASCII.",
  schema: { type: "string" },
};

export const strictParameter: Parameter = {
  name: "X-CCProxy-Strict",
  in: "header",
  description:
    "`true` refuses fields that nothing here can honour, and headers of ours that nobody reads; otherwise they are left out and reported.",
  schema: { type: "string", enum: ["true", "false"] },
};

export const sessionParameter: Parameter = {
  name: "X-CCProxy-Session",
  in: "header",
  description:
    "A session to continue or begin, by an id of your own (also `X-CC-Session`, `session_id` in the body, or `/sdk/{session}/v1/…`). It remembers what was said: send the new messages alone, or all of them.",
  schema: { type: "string", maxLength: 200 },
};

const busyParameter: Parameter = {
  name: "X-CCProxy-Busy",
  in: "header",
  description: "While the session has a turn running: `wait` for its end, or `interrupt` it and take its place.",
  schema: { type: "string", enum: ["wait", "interrupt"], default: "wait" },
};

/** What a client may say of a turn in headers. */
export const turnParameters: readonly Parameter[] = [
  modeParameter,
  toolsParameter,
  verbosityParameter,
  modelParameter,
  backendParameter,
  effortParameter,
  workspaceParameter,
  sessionParameter,
  busyParameter,
  strictParameter,
  idempotencyKeyParameter,
  requestIdParameter,
];

const text = { type: "string" };

export const requestIdHeader = { "X-Request-Id": { description: "The id of this request.", schema: text } };

export const runHeaderObjects = {
  ...requestIdHeader,
  "X-CCProxy-Backend": { description: "What answered, or was asked.", schema: text },
  "X-CCProxy-Mode": { description: "`agent` or `chat`.", schema: text },
  "X-CCProxy-Tools": { description: "Whose tools the model was offered: `client`, `agent` or `both`.", schema: text },
  "X-CCProxy-Model": { description: "The model that answered.", schema: text },
  "X-CCProxy-Session": { description: "The session, as the request named it; percent-encoded.", schema: text },
  "X-CCProxy-Backend-Session": { description: "What Claude Code calls the conversation.", schema: text },
  "X-CCProxy-Replayed": { description: "`true` where the answer was made for an earlier request.", schema: text },
  "X-CCProxy-Workspace": { description: "Where the agent worked: a name, or the path you gave.", schema: text },
  "X-CCProxy-Renamed-Tools": {
    description: "Tools of the request that the model knows by another name, as `name=other`.",
    schema: text,
  },
  "X-CCProxy-Ignored-Params": { description: "Request fields and headers that were left out.", schema: text },
};

type ErrorSchema = "OpenAIError" | "AnthropicError";
type ErrorStatus = keyof typeof errorDescriptions;

const errorDescriptions = {
  400: "The request is wrong; the message names the field.",
  401: "The access token is missing or wrong, or Claude Code is not logged in.",
  402: "The account behind Claude Code is out of credit.",
  403: "The Host or Origin of the request is not allowed, or the account may not do this.",
  404: "There is no such thing.",
  405: "This path does not take the method; `Allow` names those it does.",
  409: "It is in another state already, or its session was busy for too long.",
  413: "The body is larger than the configured limit.",
  415: "The content encoding of the body is not supported.",
  422: "The `Idempotency-Key` came with another request before.",
  426: "This is not served over WebSocket.",
  429: "A rate limit of the vendor, or this server's own queue is full. `Retry-After` says when to come back.",
  499: "The request was cancelled by `DELETE /v1/requests/{request_id}`, or its session's turn was stopped.",
  500: "A fault of this server, or the vendor reported one of its own.",
  502: "The vendor could not be reached, or what came from it made no sense.",
  503: "Claude Code cannot be started, the server is shutting down, or the vendor is unavailable.",
  504: "Nothing answered in time.",
  529: "The vendor is overloaded.",
};

export function errorResponses(
  schema: ErrorSchema,
  statuses: readonly ErrorStatus[],
): Readonly<Record<string, ResponseObject>> {
  return Object.fromEntries(
    statuses.map((status) => [`${status}`, json(schema, errorDescriptions[status], requestIdHeader)]),
  );
}
