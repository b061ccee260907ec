import type { Answer } from "./answer/answer.ts";
import type { ApiError } from "./api-error.ts";
import type { Asked } from "./request.ts";

/** One public API as the demo speaks it. Pure. */
export interface Format {
  /** What a body asks, and who writes the answer to it; or why the API refuses it. */
  read(body: unknown, root: Root): Reading;
  errorBody(error: ApiError, requestId: string): object;
  /** What an error of this name is that ends an answer; undefined takes the usual of a server in trouble. */
  failure(type: string | undefined): ApiError;
  /** Of every answer, whatever its status. */
  headers(requestId: string): Readonly<Record<string, string>>;
  /** Undefined when the request carries a credential where the API looks for one. */
  problemOfCredential(headers: Headers): ApiError | undefined;
  /** What it says to a body that is no JSON. */
  readonly notJson: ApiError;
  notFound(method: string, path: string): ApiError;
  notAllowed(method: string, path: string): ApiError;
}

/** `vendor` is the API's inventor, with models of its own; `compatible` plays whatever name it is asked for. */
export type Root = "vendor" | "compatible";

export type Reading = { readonly asked: Asked; readonly writer: Writer } | { readonly problem: ApiError };

/** Writes the answer to one request. */
export interface Writer {
  whole(answer: Answer): object;
  /** The stream of an answer that nothing happens to. */
  stream(answer: Answer): Iterable<StreamPart>;
  /** What is sent when the answer fails after `sent` events. */
  failed(answer: Answer, error: ApiError, place: { readonly sent: number; readonly requestId: string }): StreamEvent;
}

/** Faults and delays fall before a `delta`; behind the last of them comes the `end`, whose events belong together. */
export interface StreamPart {
  readonly kind: "start" | "delta" | "frame" | "end";
  readonly event: StreamEvent;
}

export interface StreamEvent {
  /** The `event:` line, in APIs that have one. */
  readonly name?: string;
  /** A string goes out as it is, all else as JSON. */
  readonly data: unknown;
}
