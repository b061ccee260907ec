import { tokensOfRequest } from "./answer/tokens.ts";
import type { BatchResult, Batches } from "./anthropic/batches.ts";
import type { Files } from "./anthropic/files.ts";
import { anthropicMessages } from "./anthropic/index.ts";
import { describeModel as describeAnthropicModel, listModels as listAnthropicModels } from "./anthropic/models.ts";
import type { ApiError } from "./api-error.ts";
import type { Call, Director, Outcome, Reply } from "./director.ts";
import type { KeptResponses } from "./openai-responses/kept.ts";
import { modelNotFound } from "./openai/common.ts";
import { describeModel as describeOpenaiModel, listModels as listOpenaiModels } from "./openai/models.ts";
import type { Place } from "./place.ts";
import { parseCountRequest } from "./request.ts";

/** One request, its way in and its credential found good. */
export interface Asking extends Omit<Call, "root"> {
  readonly method: string;
  readonly url: URL;
  readonly place: Place;
  /** The body as it came. */
  readonly bytes: Uint8Array;
  readonly contentType: string;
  /** Whose it is, by its credential. */
  readonly account: string;
}

/** What the endpoints work on. */
export interface Shelves {
  readonly director: Director;
  readonly batches: Batches;
  readonly files: Files;
  readonly responses: KeptResponses;
}

export async function replyTo(asking: Asking, shelves: Shelves): Promise<Reply> {
  const { method, place, order } = asking;
  const call = { ...asking, root: place.root };
  switch (`${method} ${place.endpoint}`) {
    case "POST messages":
    case "POST chat":
      return shelves.director.reply(call);
    case "POST responses":
      return replyAndKeep(call, asking.account, shelves);
    default:
      return { step: order, outcome: await outcomeOf(asking, shelves) };
  }
}

/** It is there to be asked for as soon as its stream names it. */
function replyAndKeep(call: Call, account: string, { director, responses }: Shelves): Reply {
  const body = responses.wholeRequest(account, call.body);
  const reply = director.reply({ ...call, body });
  const { outcome } = reply;
  if ("answer" in outcome) responses.keep(account, body, outcome.writer.whole(outcome.answer));
  return reply;
}

async function outcomeOf(asking: Asking, shelves: Shelves): Promise<Outcome> {
  const { method, url, place, format } = asking;
  switch (`${method} ${place.endpoint}`) {
    case "POST count-tokens":
      return counted(asking);
    case "POST responses-tokens":
      return countedForResponses(asking, shelves);
    case "GET models":
      return { json: isAnthropic(asking) ? listAnthropicModels(url.searchParams) : listOpenaiModels() };
    case "GET model":
      return isAnthropic(asking)
        ? found(describeAnthropicModel(place.id), notFound(`model: ${place.id}`))
        : found(describeOpenaiModel(place.id), modelNotFound(place.id));
  }
  if (isAnthropic(asking)) {
    const outcome = place.endpoint.startsWith("batch")
      ? batchOutcome(asking, shelves)
      : await fileOutcome(asking, shelves);
    if (outcome !== undefined) return outcome;
  }
  const response = responseOutcome(asking, shelves);
  if (response !== undefined) return response;
  const refuse = place.endpoint === "unknown" ? format.notFound : format.notAllowed;
  return { error: refuse(method, url.pathname) };
}

function isAnthropic({ format }: Asking): boolean {
  return format === anthropicMessages;
}

function found(json: object | undefined, error: ApiError): Outcome {
  return json === undefined ? { error } : { json };
}

function notFound(message: string): ApiError {
  return { status: 404, message };
}

function counted({ body }: Asking): Outcome {
  const parsed = parseCountRequest(body);
  if ("problem" in parsed) return { error: { status: 400, message: parsed.problem } };
  return { json: { input_tokens: tokensOfRequest(parsed.value) } };
}

function countedForResponses({ body, format, place, account }: Asking, { responses }: Shelves): Outcome {
  const reading = format.read(responses.wholeRequest(account, body), place.root);
  if ("problem" in reading) return { error: reading.problem };
  return { json: { object: "response.input_tokens", input_tokens: tokensOfRequest(reading.asked) } };
}

function batchOutcome(asking: Asking, { director, batches }: Shelves): Outcome | undefined {
  const { method, url, place, body } = asking;
  const missing = notFound(`No message batch with id ${place.id} was found.`);
  switch (`${method} ${place.endpoint}`) {
    case "POST batches": {
      const made = batches.create(body, (params) =>
        batchResult({ ...asking, body: params, root: place.root }, director),
      );
      return "problem" in made ? { error: { status: 400, message: made.problem } } : { json: made };
    }
    case "GET batches":
      return { json: batches.list(url.searchParams) };
    case "GET batch":
      return found(batches.retrieve(place.id, url.href), missing);
    case "GET batch-results": {
      const lines = batches.results(place.id);
      return lines === undefined ? { error: missing } : { lines };
    }
    default:
      return undefined;
  }
}

function batchResult(call: Call, director: Director): BatchResult {
  const { outcome } = director.reply(call);
  if ("answer" in outcome) return { type: "succeeded", message: outcome.writer.whole(outcome.answer) };
  const error = "error" in outcome ? outcome.error : { status: 500 };
  return { type: "errored", error: anthropicMessages.errorBody(error, "") };
}

function responseOutcome({ method, place, account }: Asking, { responses }: Shelves): Outcome | undefined {
  const call = `${method} ${place.endpoint}`;
  if (!responseCalls.has(call)) return undefined;
  const missing = notFound(`Response with id '${place.id}' not found.`);
  return responses.answer(account, { call, id: place.id }) ?? { error: missing };
}

const responseCalls: ReadonlySet<string> = new Set([
  "GET response",
  "DELETE response",
  "POST response-cancel",
  "GET response-items",
]);

async function fileOutcome(
  { method, url, place, bytes, contentType }: Asking,
  { files }: Shelves,
): Promise<Outcome | undefined> {
  const missing = notFound(`File not found: ${place.id}`);
  switch (`${method} ${place.endpoint}`) {
    case "POST files":
      return found(await files.upload(bytes, contentType), { status: 400, message: "file: Field required" });
    case "GET files":
      return { json: files.list(url.searchParams) };
    case "GET file":
      return found(files.retrieve(place.id), missing);
    case "DELETE file":
      return files.remove(place.id) ? { json: { id: place.id, type: "file_deleted" } } : { error: missing };
    default:
      return undefined;
  }
}
