/** Streams as they come over the wire, frame by frame, past what any client makes of them. */

export interface Frame {
  /** `done` is OpenAI's `[DONE]`, `comment` a line that begins with a colon. */
  readonly kind: "data" | "done" | "comment" | "error" | "ping";
  /** The `event:` line. */
  readonly event: string | undefined;
  /** Parsed; undefined for comments and `[DONE]`. */
  readonly data: unknown;
}

export async function readFrames(response: Response): Promise<readonly Frame[]> {
  return framesOf(await response.text());
}

/** Fails on anything that is no well-formed frame. */
export function framesOf(text: string): readonly Frame[] {
  if (!text.endsWith("\n\n")) throw new Error(`The last frame is cut off: ${JSON.stringify(text.slice(-80))}`);
  return text.slice(0, -2).split("\n\n").map(parseFrame);
}

function parseFrame(frame: string): Frame {
  const lines = frame.split("\n");
  const valueOf = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
  const [event, json] = [valueOf("event"), valueOf("data")];
  if (lines.every((line) => line.startsWith(":"))) return { kind: "comment", event, data: undefined };
  if (json === undefined || lines.length > 2) throw new Error(`No frame: ${JSON.stringify(frame)}`);
  if (json === "[DONE]") return { kind: "done", event, data: undefined };
  const data: unknown = JSON.parse(json);
  const isError = typeof data === "object" && data !== null && "error" in data;
  return { kind: isError ? "error" : event === "ping" ? "ping" : "data", event, data };
}

/** Everything that ends a stream of either format, in order. */
export function terminalsOf(frames: readonly Frame[]): readonly string[] {
  return frames.flatMap(({ kind, event }) => {
    if (kind === "done" || kind === "error") return [kind];
    return event === "message_stop" ? [event] : [];
  });
}
