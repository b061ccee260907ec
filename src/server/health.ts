import * as v from "valibot";

import type { GatewayStatus, NamedStatus } from "#gateway/types.ts";

const verdict = v.picklist(["pass", "warn", "fail"]);

const check = v.object({
  componentId: v.string(),
  componentType: v.literal("component"),
  status: verdict,
  time: v.string(),
  output: v.string(),
  version: v.exactOptional(v.string()),
  observedValue: v.exactOptional(v.number()),
  observedUnit: v.exactOptional(v.string()),
});

/** The draft of an HTTP health format (draft-inadarei-api-health-check). */
export const healthSchema = v.object({
  status: verdict,
  version: v.string(),
  output: v.string(),
  serviceId: v.exactOptional(v.string()),
  description: v.exactOptional(v.string()),
  time: v.exactOptional(v.string()),
  checks: v.exactOptional(v.record(v.string(), v.array(check))),
});

type Health = v.InferOutput<typeof healthSchema>;
type Check = v.InferOutput<typeof check>;

type Starts = NonNullable<NamedStatus["children"]>["starts"];

interface HealthFacts {
  readonly version: string;
  readonly draining: boolean;
  readonly now: Date;
}

/** The process answers; no more is said. */
export function renderLiveness(version: string): Health {
  return { status: "pass", version, output: "ccproxy is running." };
}

/** Whether a request sent now would be answered, and by what: as long as one backend can, it depends on the request. */
export function renderReadiness(status: GatewayStatus, { version, draining, now }: HealthFacts): Health {
  const time = now.toISOString();
  const [first] = status.backends;
  const silent = status.backends.filter(({ ready }) => !ready);
  const can = !draining && silent.length < status.backends.length;
  const detail = can && silent.length > 0 ? describeSilent(silent) : first?.detail;
  return {
    status: can ? (silent.length > 0 ? "warn" : "pass") : "fail",
    version,
    output: draining ? "ccproxy is shutting down." : (detail ?? "There is nothing to answer."),
    checks: {
      ...Object.fromEntries(status.backends.flatMap((backend) => backendChecks(backend, time))),
      requests: [
        count("running", status.running, { time, unit: "requests", output: "Turns running." }),
        count("waiting", status.waiting, { time, unit: "requests", output: "Requests waiting for a place." }),
      ],
    },
  };
}

function describeSilent(silent: readonly NamedStatus[]): string {
  return silent.map(({ backend, detail }) => `${backend} cannot answer: ${detail}`).join(" ");
}

/** Readiness for people: it names the service too. */
export function renderHealth(status: GatewayStatus, facts: HealthFacts): Health {
  return {
    ...renderReadiness(status, facts),
    serviceId: "ccproxy",
    description: "Claude Code, Codex and model APIs as OpenAI and Anthropic APIs",
    time: facts.now.toISOString(),
  };
}

function backendChecks(status: NamedStatus, time: string): [string, Check[]][] {
  const { backend, children } = status;
  const itself: [string, Check[]] = [backend, [backendCheck(status, time)]];
  if (children === undefined) return [itself];
  const { idle, busy, starts } = children;
  const processes = [
    count("idle", idle, { time, unit: "processes", output: "Children parked or waiting for a next turn." }),
    count("busy", busy, { time, unit: "processes", output: "Children answering a turn." }),
  ];
  return [itself, [`${backend}:children`, processes], [`${backend}:starts`, startCounts(starts, time)]];
}

function backendCheck({ backend, ready, detail, version }: NamedStatus, time: string): Check {
  return {
    componentId: backend,
    componentType: "component",
    status: ready ? "pass" : "fail",
    time,
    output: detail,
    ...(version !== undefined && { version }),
  };
}

/** How well the pool does: a cold start costs some hundred milliseconds. */
function startCounts({ live, warm, cold }: Starts, time: string): Check[] {
  const all = live + warm + cold;
  return [
    count("live", live, { time, unit: "requests", output: "Went on with their conversation's own child." }),
    count("warm", warm, { time, unit: "requests", output: "Took a parked child." }),
    count("cold", cold, { time, unit: "requests", output: "Waited for a child to start." }),
    count("hit-rate", all === 0 ? 1 : (live + warm) / all, { time, unit: "share", output: "Live and warm of all." }),
  ];
}

function count(
  componentId: string,
  observedValue: number,
  { time, unit, output }: { readonly time: string; readonly unit: string; readonly output: string },
): Check {
  return { componentId, componentType: "component", status: "pass", time, output, observedValue, observedUnit: unit };
}
