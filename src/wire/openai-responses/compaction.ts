/**
 * A conversation that has become too long is summed up by the model, and goes on from the summary. Clients carry that
 * as an item they cannot look into; ours is known by its first characters, as it is with reasoning.
 */
const mark = "ccproxy.summary.1.";

/** What the model is asked. */
export const compactionPrompt =
  "Sum up this conversation for someone who has to go on with it and will see nothing else of it: what was asked for and what the user insists on, what was decided and why, what was done and found (files, commands, results, errors), and what is left to do. Call no tool. Answer with the summary alone.";

export function sealSummary(summary: string): string {
  return mark + Buffer.from(summary).toString("base64url");
}

/** As the model is told it; undefined for one that is not ours. */
export function openSummary(encrypted: string): string | undefined {
  if (!encrypted.startsWith(mark)) return undefined;
  const summary = Buffer.from(encrypted.slice(mark.length), "base64url").toString("utf8");
  return `This conversation had become too long. A summary of what came before:\n\n${summary}`;
}
