import type { OutputItem, ResponseEvent } from "./schema.ts";

/** Each event of this API without its number. */
type Unnumbered<Event> = Event extends unknown ? Omit<Event, "sequence_number"> : never;
export type AnswerEvent = Unnumbered<ResponseEvent>;

/** The items of an answer, and their names. */
export interface Output {
  readonly answerId: string;
  /** Those that ended; the one that is open comes behind them. */
  readonly done: OutputItem[];
  named: number;
}

export function nextId(output: Output, kind: string): string {
  const id = `${kind}_${output.answerId.replace(/^resp_/, "")}_${output.named}`;
  output.named += 1;
  return id;
}

export function itemAdded({ done }: Output, item: OutputItem): AnswerEvent {
  return { type: "response.output_item.added", output_index: done.length, item };
}

export function itemDone({ done }: Output, item: OutputItem): AnswerEvent {
  return { type: "response.output_item.done", output_index: done.push(item) - 1, item };
}
