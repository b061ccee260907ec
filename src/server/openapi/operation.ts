/** The parts of an OpenAPI 3.1 operation this document uses. */
export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly [TagName];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: RequestBody;
  readonly responses: Readonly<Record<string, ResponseObject | Reference>>;
  /** Empty for what needs no access token; the document's own requirement otherwise. */
  readonly security?: readonly [];
}

export type TagName =
  | "OpenAI"
  | "Anthropic"
  | "Models"
  | "Sessions"
  | "Approvals"
  | "Requests"
  | "Health"
  | "Documentation"
  | "Other base URLs";

export interface Reference {
  readonly $ref: string;
}

export interface Parameter {
  readonly name: string;
  readonly in: "header" | "path" | "query";
  readonly description: string;
  readonly required?: boolean;
  readonly schema: object;
}

export interface RequestBody {
  readonly required: true;
  readonly content: Readonly<Record<string, MediaType>>;
}

export interface MediaType {
  readonly schema: object;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly summary: string; readonly value: unknown }>>;
}

export interface ResponseObject {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: object }>>;
  readonly content?: Readonly<Record<string, MediaType>>;
}
