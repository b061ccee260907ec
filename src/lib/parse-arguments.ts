import { isRecord } from "./is-record.ts";

/** The arguments of a tool call as the model wrote them, `""` where there are none; undefined for what is no object. */
export function parseArguments(json: string): Readonly<Record<string, unknown>> | undefined {
  if (json.trim() === "") return {};
  try {
    const parsed: unknown = JSON.parse(json);
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
