import { isRecord } from "./is-record.ts";
import { parseJsonText } from "./parse-json-text.ts";
import { saidIn } from "./said-in.ts";

export interface Fault {
  /** On one line; empty where nothing is said. */
  readonly message: string;
  /** The server's own names for it: codes, types, states. */
  readonly words: readonly string[];
  /** An HTTP status that stands in the body, where a gateway had to answer with another one. */
  readonly status: number | undefined;
}

/** What the body of a refusal says, in any of the shapes that `saidIn` knows. */
export function faultIn(body: unknown): Fault {
  const whole = Array.isArray(body) ? (body[0] as unknown) : body; // Google's API sends a list of one.
  const error = isRecord(whole) && isRecord(whole["error"]) ? whole["error"] : whole;
  if (!isRecord(error)) return { message: saidIn(whole), words: [], status: undefined };
  const { code, type, status, metadata } = error;
  const cause = causeIn(metadata);
  const message = saidIn(whole);
  return {
    message: cause === "" || message.includes(cause) ? message : `${message}: ${cause}`,
    words: [code, type, status].filter((word) => typeof word === "string"),
    status: [code, status].map(Number).find((number) => number >= 400 && number < 600),
  };
}

/** OpenRouter says `Provider returned error` and keeps here what the provider said. */
function causeIn(metadata: unknown): string {
  const raw = isRecord(metadata) ? metadata["raw"] : undefined;
  return typeof raw === "string" ? saidIn(parseJsonText(raw) ?? raw) : saidIn(raw);
}
