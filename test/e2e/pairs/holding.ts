/** What may hold of a case in a cell of the table, and how many cells are filled alike. */
import type { WireFormatId } from "#core/request.ts";

import { type BackendName, backendNames } from "./backends.ts";

export type Holding =
  /** It arrives as it was meant, and what comes of it comes back. */
  | { readonly holds: "carried" }
  /** It is answered without these fields, which `X-CCProxy-Ignored-Params` names, and no others; who is strict is refused. */
  | { readonly holds: "named"; readonly fields: readonly string[] }
  /** It is an error of the client's SDK with this status and such words. */
  | { readonly holds: "refused"; readonly status: number; readonly words: RegExp }
  /** It comes in another form, and the answer says so. */
  | { readonly holds: "changed"; readonly to: Change }
  /** A suite about little else shows it, through the same SDKs; its file, below `test/e2e/`. */
  | { readonly holds: "shown"; readonly by: string }
  /** The client's API has no words for it. */
  | { readonly holds: "unsayable" };

type Change = "another name" | "an end by filter" | "an end by filter, without words" | "an estimate";

/** By the client's format. */
export type Cells = Readonly<Record<WireFormatId, Holding>>;
export type Grid = Readonly<Record<BackendName, Cells>>;

export const carried: Holding = { holds: "carried" };
export const unsayable: Holding = { holds: "unsayable" };
export const named = (...fields: readonly string[]): Holding => ({ holds: "named", fields });
export const refused = (status: number, words = /./): Holding => ({ holds: "refused", status, words });
export const changed = (to: Change): Holding => ({ holds: "changed", to });

export const shownBy = (file: string): Holding => ({ holds: "shown", by: file });

/** For clients of every format alike. */
export const forAll = (holding: Holding): Cells => ({
  "anthropic-messages": holding,
  "openai-chat": holding,
  "openai-responses": holding,
});

/** For clients of one format; the others cannot say it. */
export const forOnly = (format: WireFormatId, holding: Holding): Cells => ({ ...forAll(unsayable), [format]: holding });

/** On every backend, but for those that are named. */
export const everywhere = (cells: Cells, others: Partial<Grid> = {}): Grid =>
  ({ ...Object.fromEntries(backendNames.map((name) => [name, cells])), ...others }) as Grid; // Of each there is one.
