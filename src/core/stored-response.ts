/** Answers that are kept under their ids, for clients that send only what is new. */

type Json = Readonly<Record<string, unknown>>;

export interface StoredResponse {
  readonly principal: string;
  readonly id: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
  /** The answer before it in the conversation. */
  readonly previous: string | undefined;
  /** What its request said beside that conversation; each item has an id. */
  readonly input: readonly Json[];
  /** The answer as its client got it; it has `output`. */
  readonly response: Json;
  /** undefined where that was not written down. */
  readonly maker?: Maker | undefined;
}

/** Who made a response. */
export interface Maker {
  readonly backend: string;
  /** What it was asked for; undefined: its default. */
  readonly model: string | undefined;
}

export interface ResponseStore {
  save(response: StoredResponse): void;
  /** undefined for those of others too. */
  find(principal: string, id: string): StoredResponse | undefined;
  /** False where there is none. */
  remove(principal: string, id: string): boolean;
}
