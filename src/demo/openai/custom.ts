/** Tools that take a text in place of arguments. The script orders it as `{"input": "the text"}`. */
import { piecesOf } from "#demo/answer/pieces.ts";

export const customSchema = { type: "object", properties: { input: { type: "string" } } };

/** What is no such order goes out as its JSON. */
export function customPieces(input: unknown): readonly string[] {
  const text = typeof input === "object" && input !== null && "input" in input ? input.input : undefined;
  return piecesOf(typeof text === "string" ? text : JSON.stringify(input));
}
