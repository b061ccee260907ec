/**
 * Server-sent events, both directions, as the HTML standard defines the stream format
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
 * Knows nothing of what the frames mean.
 */

export interface SseFrame {
  /** The `event:` field; undefined when the frame has none (which receivers call `message`). */
  readonly event: string | undefined;
  /** All `data:` lines, joined by newlines. */
  readonly data: string;
}

export interface SseParser {
  /** The frames completed by these bytes; they may be cut anywhere, also inside a character. */
  push(bytes: Uint8Array): SseFrame[];
  /** At the end of the input: what it leaves of a frame. The standard has it dropped, but there are servers that end so. */
  end(): SseFrame[];
  /** Characters it keeps of a frame that is not whole. */
  held(): number;
}

/** One frame of any data; a line break in it becomes a further `data:` line. */
export function encodeSseFrame({ event, data }: SseFrame): string {
  const lines = `data: ${data.split(lineEnd).join("\ndata: ")}\n\n`;
  return event === undefined ? lines : `event: ${event}\n${lines}`;
}

export function createSseParser(): SseParser {
  // Strips a leading byte order mark by itself.
  const decoder = new TextDecoder();
  let unfinished = "";
  let afterCarriageReturn = false;
  let event: string | undefined;
  let data: string[] = [];
  let dataLength = 0;

  function finishFrame(frames: SseFrame[]): void {
    if (data.length > 0) frames.push({ event, data: data.join("\n") });
    event = undefined;
    data = [];
    dataLength = 0;
  }

  function readLine(line: string): void {
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon === -1 ? line : line.slice(0, colon);
    const valueStart = line[colon + 1] === " " ? colon + 2 : colon + 1;
    const value = colon === -1 ? "" : line.slice(valueStart);
    if (field === "data") {
      data.push(value);
      // An empty line takes its place too.
      dataLength += value.length + 1;
    } else if (field === "event") event = value === "" ? undefined : value;
  }

  return {
    push(bytes) {
      const frames: SseFrame[] = [];
      const text = decoder.decode(bytes, { stream: true });
      if (text === "") return frames;
      // A line ends at CR, LF or CRLF. CR ends it at once; an LF that follows in the next chunk belongs to it.
      const lines = (afterCarriageReturn && text.startsWith("\n") ? text.slice(1) : text).split(lineEnd);
      afterCarriageReturn = text.endsWith("\r");
      lines[0] = unfinished + (lines[0] ?? "");
      unfinished = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "") finishFrame(frames);
        else readLine(line);
      }
      return frames;
    },
    end() {
      const frames: SseFrame[] = [];
      readLine(unfinished + decoder.decode());
      unfinished = "";
      finishFrame(frames);
      return frames;
    },
    held: () => unfinished.length + dataLength,
  };
}

const lineEnd = /\r\n|\r|\n/u;
