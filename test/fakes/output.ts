/** Blocking writes, so that a fake can say exactly which bytes it wrote before it did something else. */
import { writeSync } from "node:fs";

export function write(descriptor: 1 | 2, data: string | Uint8Array): void {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  for (let at = 0; at < bytes.length;) at += writeSome(descriptor, bytes.subarray(at));
}

function writeSome(descriptor: 1 | 2, bytes: Uint8Array): number {
  try {
    return writeSync(descriptor, bytes);
  } catch (error) {
    // The reader is behind.
    if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
    Bun.sleepSync(1);
    return 0;
  }
}

/** `bytes` of filler, in pieces. */
export function flood(descriptor: 1 | 2, bytes: number, piece: string): void {
  const encoded = new TextEncoder().encode(piece);
  for (let written = 0; written < bytes; written += encoded.length) write(descriptor, encoded);
}
