import type { RenamedTool, RunContext } from "#core/backend.ts";
import type { ModelEvent } from "#core/events.ts";
import type { UpstreamRequest } from "#core/upstream-format.ts";
import { parseJsonText } from "#lib/parse-json-text.ts";
import { createSseParser } from "#lib/sse.ts";
import { bytesOf, chunksOf, tooLarge } from "#upstream/read-body.ts";
import type { UpstreamAnswer } from "#upstream/upstream.ts";

import { askedOfCodex } from "./codex-limits.ts";
import { type Endpoint, endpointFor } from "./endpoint.ts";
import { lastFrames } from "./last-frames.ts";
import { named, namedIn } from "./named.ts";
import type { HttpApiOptions } from "./options.ts";
import { opened, sealed } from "./seals.ts";
import { refusalOf, send } from "./send.ts";

/** Asks in the endpoint's format and tells the answer as it comes. */
export async function* run(
  options: HttpApiOptions,
  request: UpstreamRequest,
  context: RunContext,
): AsyncGenerator<readonly ModelEvent[], void> {
  try {
    const endpoint = endpointFor(options, request.wireFormat);
    const asked = options.answersAs === "codex" ? askedOfCodex(request) : request;
    const encoded = endpoint.dialect.format.encodeRequest(opened(options, asked));
    const { body, headers, ignoredFields, renamedTools = [] } = encoded;
    context.report({ ignoredFields, renamedTools });
    const answer = await send(options, endpoint, { path: endpoint.dialect.path, headers, body, context });
    context.report({ retries: answer.retries });
    if (!answer.response.ok) throw await refusalOf(options, endpoint, answer, context.signal);
    const asNamed = withClientNames(renamedTools);
    for await (const batch of eventsOf(answer, endpoint, options, context))
      yield batch.map((event) => sealed(options, asNamed(namedIn(event, options))));
  } catch (thrown) {
    yield [{ type: "error", error: named(thrown, options) }];
  }
}

/** One batch for what one piece of the answer brings. */
async function* eventsOf(
  { response, abandon }: UpstreamAnswer,
  { dialect }: Endpoint,
  { idleTimeoutMs, mostHeldBytes }: HttpApiOptions,
  { signal }: RunContext,
): AsyncGenerator<readonly ModelEvent[], void> {
  const limits = { idleTimeoutMs, signal };
  // Some servers answer whole, whatever they are asked for.
  if (!response.headers.get("content-type")?.includes("text/event-stream")) {
    const body = await bytesOf({ response, abandon }, { ...limits, mostBytes: mostHeldBytes });
    yield dialect.format.decodeResponse(parseJsonText(new TextDecoder().decode(body)));
    return;
  }
  const parser = createSseParser();
  const decoder = dialect.format.createStreamDecoder();
  for await (const chunk of chunksOf(response, limits)) {
    const events = parser.push(chunk).flatMap(({ data }) => decoder.decode(data));
    if (events.length > 0) yield events;
    const last = events.at(-1)?.type;
    if (last === "finish" || last === "error") return;
    if (parser.held() > mostHeldBytes) throw tooLarge(mostHeldBytes);
  }
  yield [...lastFrames(parser).flatMap(({ data }) => decoder.decode(data)), ...decoder.end()];
}

/** The model calls a tool by the name it was offered under. */
function withClientNames(renamed: readonly RenamedTool[]): (event: ModelEvent) => ModelEvent {
  if (renamed.length === 0) return (event) => event;
  const names = new Map(renamed.map(({ name, as }) => [as, name]));
  return (event) =>
    event.type === "tool-input-start" ? { ...event, toolName: names.get(event.toolName) ?? event.toolName } : event;
}
