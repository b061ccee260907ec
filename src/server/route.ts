import type { ProviderResponses } from "#core/provider-response.ts";
import type { ResponseStore } from "#core/stored-response.ts";
import type { WireFormat } from "#core/wire-format.ts";
import type { Approvals } from "#gateway/approvals.ts";
import type { Gateway } from "#gateway/types.ts";

import type { Exchange } from "./exchange.ts";
import type { Recordings } from "./idempotency/recordings.ts";
import type { Operation } from "./openapi/operation.ts";

/** One method of one path: what answers it, and what the OpenAPI document says of it. */
export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  /** Elysia's syntax: `/v1/models/:id`. */
  readonly path: string;
  /** Served without an access token. */
  readonly open: boolean;
  /** Also served under every one of the prefixes that earlier proxies gave this API. */
  readonly prefixed: boolean;
  /** Undefined for what only the documentation page or a vendor's program asks for. */
  readonly operation: Operation | undefined;
  readonly answer: (exchange: Exchange, services: Services, params: RouteParams) => Response | Promise<Response>;
}

/** A value is null when its percent-encoding is broken. */
export type RouteParams = Readonly<Record<string, string | null>>;

/** What the routes work with. */
export interface Services {
  readonly gateway: Gateway;
  /** Undefined where nobody is asked about tool calls. */
  readonly approvals: Approvals | undefined;
  readonly limits: { readonly maxBodyBytes: number; readonly heartbeatMs: number };
  readonly version: string;
  /** Answers to requests that carry a key, for their repetitions; undefined where a key means nothing. */
  readonly recordings: Recordings | undefined;
  /** Answers that are kept under their ids; undefined where none is. */
  readonly responses: ResponseStore | undefined;
  /** Who made those that are kept elsewhere. */
  readonly providerResponses: ProviderResponses | undefined;
  /** Ends this caller's turns of that request id; says how many there were. */
  readonly cancelTurns: (principal: string, requestId: string) => number;
  /** Ends the answer of that id, and says what it came to; undefined where none is being made for this caller. */
  readonly cancelAnswer: (principal: string, id: string) => unknown;
  /** Takes what a browser comes back with from a sign-in, and answers it; undefined where nobody signs in. */
  readonly oauthCallback: ((query: URLSearchParams) => Response) | undefined;
  /** The OpenAPI document as JSON text. */
  readonly openApi: () => Promise<string>;
  /** True once the server refuses new work. */
  readonly draining: () => boolean;
}

export interface WireFormats {
  readonly openaiChat: WireFormat;
  readonly openaiResponses: WireFormat;
  readonly anthropicMessages: WireFormat;
}
