import type { GatewayError } from "./errors.ts";
import type { ModelEvent } from "./events.ts";
import type { ModelRequest, WireFormatId } from "./request.ts";
import type { ModelResponse } from "./response.ts";

/** One public API shape, both directions. Pure: no IO, no clock but the one it is given. */
export interface WireFormat {
  readonly id: WireFormatId;
  /**
   * Throws GatewayError `invalid-request` naming the field in `param`. `kept`: how many of the conversation's items stand
   * before those that the client sent, in a format whose requests may refer to what was kept.
   */
  decodeRequest(body: unknown, kept?: number): ModelRequest;
  /** What of a request its way depends on, at a glance and without a judgement: it need not even be one. */
  outline(body: unknown): RequestOutline;
  /**
   * For a format that has no place for something a model may say: makes an `error` of it, which ends the answer, before
   * any of the events is encoded.
   */
  createCheck?(): (event: ModelEvent) => readonly ModelEvent[];
  encodeResponse(response: ModelResponse, options: EncodeOptions): unknown;
  createStreamEncoder(options: EncodeOptions): StreamEncoder;
  encodeError(error: GatewayError, requestId: string): EncodedError;
  /** Bytes that keep a silent stream alive and that every client of the format ignores. */
  readonly heartbeat: string;
}

export interface RequestOutline {
  readonly model: string | undefined;
  readonly stream: boolean;
  readonly hasTools: boolean;
  /** It asks for thinking. */
  readonly thinks: boolean;
  /** It goes on with something that this server keeps. */
  readonly namesSession: boolean;
  /** What it sends along to say which requests belong together. */
  readonly sessionHint?: string | undefined;
}

export interface EncodeOptions {
  readonly requestId: string;
  readonly includeUsage: boolean;
  /** Unix milliseconds at which the request came in. */
  readonly createdAt: number;
  /** What is answered; a frame that only tells of a failure may do without. */
  readonly request?: ModelRequest;
  /** A new `resp_…`, for a format that gives its answers names of its own. */
  readonly answerId?: string;
}

/** Turns events into SSE frames. The terminal event ends the stream; whatever comes after it encodes to nothing. */
export interface StreamEncoder {
  encode(event: ModelEvent): string;
  /** The whole answer, where the stream ends with it; undefined before its end. */
  readonly result?: () => unknown;
  /** What that would be if it ended here with this error; what it is where it has ended. */
  readonly cutBy?: (error: GatewayError) => unknown;
}

export interface EncodedError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}
