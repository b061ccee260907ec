import { GatewayError } from "#core/errors.ts";
import type { PoolEvent } from "#process/pool-types.ts";

import type { ClaudeCliOptions } from "./options.ts";

/** Why the last start failed, if it did. Each start that is tried fails for the same reason, which is told once. */
export function createHealth({ onNotice }: Pick<ClaudeCliOptions, "onNotice">) {
  let problem: GatewayError | undefined;
  let told: string | undefined;
  return {
    get problem() {
      return problem;
    },
    note(event: PoolEvent): void {
      problem = problemAfter(event, problem);
      if (event.type === "started") told = undefined;
      if (event.type !== "start-failed") return;
      const why = reasonsOf(event.error);
      if (why.join() === told) return;
      told = why.join();
      // Where it broke in our own code says something of a fault of ours alone.
      const data = event.error instanceof GatewayError ? { why } : { error: event.error };
      onNotice?.({ level: "warn", message: "Claude Code did not start.", data });
    },
  };
}

function problemAfter(event: PoolEvent, before: GatewayError | undefined): GatewayError | undefined {
  if (event.type === "started") return undefined;
  if (event.type !== "start-failed" || !(event.error instanceof GatewayError)) return before;
  // A workspace that has gone says nothing of the CLI.
  return event.error.kind === "conflict" ? before : event.error;
}

/** What it says, and what that comes from. */
function reasonsOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  const said = error instanceof GatewayError ? (error.options.logged ?? error.message) : error.message;
  return [said, ...reasonsOf(error.cause)];
}
