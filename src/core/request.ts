/** The canonical request: what every wire format decodes to and every backend answers. */
import type { GatewayError } from "./errors.ts";

export type WireFormatId = "anthropic-messages" | "openai-chat" | "openai-responses";

export interface ModelRequest {
  readonly wireFormat: WireFormatId;
  /** The model exactly as the client named it; undefined when it named none. */
  readonly model: string | undefined;
  /** Leading system and developer messages, in order. */
  readonly system: readonly string[];
  /** Never empty. Roles are as sent; neighbours of one role are already merged. */
  readonly messages: readonly Message[];
  readonly stream: boolean;
  /** Whether the client wants usage in a stream (always true where the format always sends it). */
  readonly includeUsage: boolean;
  readonly features: RequestFeatures;
  /**
   * Settings that were said with the value that is the default of the APIs themselves, so that they are no features: for
   * servers that speak those APIs and may have another default.
   */
  readonly saidDefaults?: Pick<RequestFeatures, "temperature" | "topP"> | undefined;
  /** The wire field each present feature came from, to name it back to the client. */
  readonly featureFields: Partial<Record<RequestFeature, string | readonly string[]>>;
  /** Wire fields that nothing can honour, as the client spelled them. */
  readonly ignoredFields: readonly string[];
  /** Why it makes no sense by itself: it brings results of calls that only a session can remember. */
  readonly outOfContext?: GatewayError | undefined;
  /** Where media, and what no format has in common, stand in the client's own words: to name them in an error. */
  readonly places?: ReadonlyMap<Part, string> | undefined;
  /** For a provider that keeps what it has read only where it is told to; undefined where the client says nothing of it. */
  readonly cacheMarks?: CacheMarks | undefined;
  /** What the body calls its conversation. */
  readonly sessionIds?: SessionIds;
  /** What is answered is a summary, by which the client replaces the conversation. */
  readonly compacts?: boolean;
  /** Settings of the request that the format's answers repeat, by their names in an answer. */
  readonly repeated?: Readonly<Record<string, unknown>>;
}

/** Up to where what was read is to be kept. */
export interface CacheMarks {
  /** Up to the end, wherever that comes to be. */
  readonly end: CacheMark | undefined;
  /** Up to a part or a tool, or to instructions, by their text. */
  readonly behind: ReadonlyMap<object | string, CacheMark>;
}

/** How it is to be kept, in the words of the request's format. */
export type CacheMark = Readonly<Record<string, unknown>>;

/** The client's own ids of a conversation. */
export interface SessionIds {
  /** Meant to name a session of ours. */
  readonly named?: string;
  /** Sent along for caches and statistics, side questions included: it says that requests belong together, not how. */
  readonly hint?: string;
}

/** Everything optional that a backend may or may not be able to honour. */
export interface RequestFeatures {
  readonly maxOutputTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly stopSequences?: readonly string[];
  readonly reasoning?: ReasoningSetting;
  readonly effort?: Effort;
  readonly serviceTier?: string;
  readonly tools?: readonly ToolDefinition[];
  /** Fields of the tools that only a backend of the same wire format understands; the tools carry them as `extra`. */
  readonly toolExtras?: readonly string[];
  /** Tools the vendor runs itself, as they came. */
  readonly vendorTools?: readonly VendorTool[];
  readonly toolChoice?: ToolChoice;
  readonly parallelToolCalls?: boolean;
  readonly responseFormat?: ResponseFormat;
  /** The client's own opaque user id. */
  readonly user?: string;
  /** What it wants of Anthropic's API beyond its version, by the API's own names. */
  readonly betas?: readonly string[];
}

export type RequestFeature = keyof RequestFeatures;

export const efforts = ["low", "medium", "high", "xhigh", "max"] as const;
export type Effort = (typeof efforts)[number];

export interface ReasoningSetting {
  readonly mode: "adaptive" | "budget" | "between-tools" | "disabled";
  readonly budgetTokens?: number;
  readonly display?: string;
}

export interface ToolDefinition {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of the input; it describes an object. */
  readonly inputSchema: unknown;
  /** How the client knows it, where its format has more kinds of tools than functions. */
  readonly declaredAs?: DeclaredTool;
  /** See RequestFeatures.toolExtras. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

export interface DeclaredTool {
  readonly name: string;
  readonly namespace?: string;
  /** `custom`: it takes a text, which the model gives as the member `input`. */
  readonly kind: "function" | "custom";
}

export interface VendorTool {
  readonly wireFormat: WireFormatId;
  readonly value: Readonly<Record<string, unknown>>;
}

export type ToolChoice =
  | { readonly type: "auto" | "none" | "required" }
  | { readonly type: "tool"; readonly name: string };

export type ResponseFormat =
  | { readonly type: "text" | "json-object" }
  | { readonly type: "json-schema"; readonly schema: unknown; readonly name?: string };

/** A `system` message here is one that came after the conversation began. Tool results sit in user messages. */
export interface Message {
  readonly role: "user" | "assistant" | "system";
  readonly content: readonly Part[];
}

export type Part = TextPart | ReasoningPart | ImagePart | DocumentPart | ToolCallPart | ToolResultPart | RawPart;

export interface TextPart {
  readonly type: "text";
  readonly text: string;
}

/** `redactedData` is set, and `text` empty, for a block the vendor encrypted. */
export interface ReasoningPart {
  readonly type: "reasoning";
  readonly text: string;
  readonly signature?: string;
  readonly redactedData?: string;
  /** The wire field it came from, to name it back to the client. */
  readonly field?: string;
}

export interface ImagePart {
  readonly type: "image";
  readonly source: MediaSource;
}

export interface DocumentPart {
  readonly type: "document";
  readonly source: MediaSource | { readonly type: "text"; readonly mediaType: string; readonly text: string };
  readonly title?: string;
  readonly context?: string;
}

export type MediaSource =
  | { readonly type: "base64"; readonly mediaType: string; readonly data: string }
  | { readonly type: "url"; readonly url: string }
  | { readonly type: "file"; readonly fileId: string };

export interface ToolCallPart {
  readonly type: "tool-call";
  readonly callId: string;
  readonly toolName: string;
  readonly input: unknown;
}

export interface ToolResultPart {
  readonly type: "tool-result";
  readonly callId: string;
  readonly content: readonly Part[];
  readonly isError: boolean;
}

/** A content block this code does not model, kept whole for a backend that speaks the same wire format. */
export interface RawPart {
  readonly type: "raw";
  readonly wireFormat: WireFormatId;
  readonly value: unknown;
}
