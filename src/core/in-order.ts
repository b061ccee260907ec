import type { ModelEvent, ToolResultEvent } from "./events.ts";

/** An event of one block, by its id. */
export type BlockEvent = Extract<
  ModelEvent,
  {
    readonly type: `${"text" | "reasoning" | "tool-input"}-${"start" | "delta" | "end"}` | "text-citation";
  }
>;

/**
 * Tells blocks one after the other, whatever order their pieces come in: the first that began is told as it comes, the
 * others when those before them are over, as is a result that comes in between. Says nothing of a block that has not
 * begun, or is over.
 */
export function createInOrder(): (event: BlockEvent | ToolResultEvent) => readonly ModelEvent[] {
  const waiting: Waiting[] = [];
  const ids = new Set<string>();
  return (event) => {
    const [first] = waiting;
    // Nearly all pieces are of the block that is told.
    if (first?.id === event.id && event.type.endsWith("-delta")) return [event];
    if (event.type === "tool-result") {
      waiting.push({ id: "", events: [event], isOver: true });
    } else if (event.type.endsWith("-start") && !ids.has(event.id)) {
      ids.add(event.id);
      waiting.push({ id: event.id, events: [event], isOver: false });
    } else {
      const block = waiting.find(({ id, isOver }) => id === event.id && !isOver);
      if (block === undefined || event.type.endsWith("-start")) return [];
      block.events.push(event);
      block.isOver = event.type.endsWith("-end");
    }
    return tellable(waiting);
  };
}

interface Waiting {
  readonly id: string;
  readonly events: ModelEvent[];
  isOver: boolean;
}

function tellable(waiting: Waiting[]): readonly ModelEvent[] {
  const events: ModelEvent[] = [];
  for (;;) {
    events.push(...(waiting[0]?.events.splice(0) ?? []));
    if (waiting[0]?.isOver !== true) return events;
    waiting.shift();
  }
}
