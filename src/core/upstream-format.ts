import type { RenamedTool } from "./backend.ts";
import type { GatewayError } from "./errors.ts";
import type { ModelEvent } from "./events.ts";
import type { ModelRequest, RequestFeature, WireFormatId } from "./request.ts";

/** One public API from its client's side: what is asked of an upstream that speaks it, and what its answers mean. Pure. */
export interface UpstreamFormat {
  readonly id: WireFormatId;
  /** The features of this request that the API, or this model of it, cannot be asked for; the client is told. */
  unsupported(request: UpstreamRequest): readonly RequestFeature[];
  /** Throws GatewayError `invalid-request` for content that the API has no equivalent of. */
  encodeRequest(request: UpstreamRequest): EncodedRequest;
  /** A whole answer, as the events its stream would have been. Never throws: what is no answer is an `error` event. */
  decodeResponse(body: unknown): readonly ModelEvent[];
  /** `telling`: it gets those frames alone (see `isTelling`), and does not judge by what it has not seen. */
  createStreamDecoder(sees?: "telling"): StreamDecoder;
  /** Whether this frame tells of a stream's beginning, end or usage; the others are of no interest to who only counts. */
  isTelling(data: string): boolean;
  /** What a whole answer tells of its model, tokens and end; nothing where it is no answer of a model, but a list or a count. */
  summaryOf(body: unknown): readonly ModelEvent[];
  decodeError(refusal: UpstreamRefusal): GatewayError;
}

/** A request whose model is settled. */
export interface UpstreamRequest extends ModelRequest {
  readonly model: string;
  /** Tokens that its answer may have, by the configuration's word. */
  readonly longestAnswer?: number | undefined;
}

export interface EncodedRequest {
  readonly body: Readonly<Record<string, unknown>>;
  /** What it says beside its body. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Fields of the messages, as the client spelled them, that it leaves out. */
  readonly ignoredFields: readonly string[];
  /** Tools that have another name in it, and so in the answer. */
  readonly renamedTools?: readonly RenamedTool[];
}

/** Makes a well-formed stream (see ModelEvent) of any frames; after its terminal event it says nothing more. */
export interface StreamDecoder {
  /** The data of the next frame. What is no JSON, or no event of the API, ends the stream with an `error`. */
  decode(data: string): readonly ModelEvent[];
  /** The connection is over: an `error` where the answer was not. */
  end(): readonly ModelEvent[];
}

/** An answer with another status than 2xx. */
export interface UpstreamRefusal {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed where it was JSON, else the text as it came, cut to a few thousand characters. */
  readonly body: unknown;
  /** Who answered, as in a sentence: `DeepSeek`. */
  readonly provider: string;
  /** Where the credential is kept that was presented: `OPENAI_API_KEY`. */
  readonly credential?: string | undefined;
}
