import type { Asked } from "#demo/request.ts";
import type { StopOrder } from "#demo/script/script-types.ts";

import type { AnswerBlock } from "./answer.ts";
import { piecesOf } from "./pieces.ts";
import { charactersPerToken } from "./tokens.ts";

interface Limited {
  readonly blocks: readonly AnswerBlock[];
  readonly stop: StopOrder;
}

/** Ends the first text where the request's stop sequence or token limit says; undefined when neither is met. */
export function obeyed(request: Asked, blocks: readonly AnswerBlock[]): Limited | undefined {
  const at = blocks.findIndex((block) => block.type === "text");
  const block = blocks[at];
  if (block?.type !== "text") return undefined;
  const text = block.pieces.join("");
  const limit = (request.max_tokens ?? Number.POSITIVE_INFINITY) * charactersPerToken;
  const hit = firstHit(text.slice(0, limit), request.stop_sequences ?? []);
  if (hit === undefined && text.length <= limit) return undefined;
  // A character of two UTF-16 units may straddle the limit; its first half alone is not text.
  const kept = text.slice(0, hit?.index ?? limit).replace(/[\uD800-\uDBFF]$/, "");
  return {
    blocks: [...blocks.slice(0, at), { type: "text", pieces: piecesOf(kept) }],
    stop: { reason: hit === undefined ? "max_tokens" : "stop_sequence", sequence: hit?.sequence },
  };
}

function firstHit(text: string, sequences: readonly string[]): { sequence: string; index: number } | undefined {
  return sequences
    .map((sequence) => ({ sequence, index: text.indexOf(sequence) }))
    .filter(({ index }) => index !== -1)
    .toSorted((a, b) => a.index - b.index)[0];
}
