import type { Backend, Mode, RenamedTool, RunSetup, ToolOwner } from "#core/backend.ts";
import type { ModelEvent } from "#core/events.ts";
import { addUsage, type Usage } from "#core/usage.ts";
import type { RequestRecord } from "#telemetry/request-record.ts";

import type { Call, RunningHead } from "./types.ts";

/** What the response headers say; it fills as the run tells. */
export interface Learned {
  readonly backend: string;
  readonly mode: Mode;
  readonly tools: ToolOwner;
  ignored: readonly string[];
  renamedTools: readonly RenamedTool[];
  retries: number;
  readonly failed: readonly string[];
  readonly notAsked: readonly string[];
  readonly workspace: string | undefined;
  accepted: boolean;
  model: string | undefined;
  readonly modelSent: string | undefined;
  readonly session: string | undefined;
  sessionId: string | undefined;
  /** Of the steps so far: what is known if the turn fails before its totals come. */
  usage: Usage;
}

/** What an event tells of the run. */
export function note(record: RequestRecord, learned: Learned, event: ModelEvent): void {
  if (event.type === "start") {
    learned.accepted = true;
    learned.model = event.model;
    record.set({ modelUsed: event.model, usage: event.usage, isBeginning: true });
  }
  if (event.type === "step-end") {
    learned.usage = addUsage(learned.usage, event.usage);
    record.set({ usage: learned.usage, isBeginning: false });
  }
  if (event.type === "finish")
    record.set({ usage: event.usage, isBeginning: false, costUsd: event.costUsd, steps: event.steps });
}

interface Begun {
  readonly backend: Backend;
  readonly model: string | undefined;
  readonly setup: RunSetup & { readonly workspace?: { readonly name: string } | undefined };
  readonly ignored: readonly string[];
  readonly failed: readonly string[];
  readonly notAsked: readonly string[];
  /** Of those before it. */
  readonly retries: number;
}

/** What is known of a run before it begins. */
export function headOf({ backend, model, setup: { mode, tools, workspace }, ignored, ...asked }: Begun): RunningHead {
  return {
    backend: backend.id,
    mode,
    tools,
    ignored,
    renamedTools: [],
    retries: asked.retries,
    failed: asked.failed,
    notAsked: asked.notAsked,
    model,
    modelSent: model,
    session: undefined,
    sessionId: undefined,
    accepted: false,
    workspace: workspace?.name,
  };
}

/** Notes how many further tries a backend has taken, behind those of the ones before it. */
export function createRetryNote({ record, retries }: Call, learned: Learned): (own: number | undefined) => void {
  const before = retries.count;
  return (own = 0) => {
    retries.count = Math.max(retries.count, before + own);
    learned.retries = retries.count;
    record.set({ retries: retries.count });
  };
}
