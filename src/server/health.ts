import * as v from "valibot";

import type { GatewayStatus } from "#gateway/types.ts";

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

interface HealthFacts {
  readonly version: string;
  readonly draining: boolean;
  readonly now: Date;
}

/** The process answers; no more is said. */
export function renderLiveness(version: string): Health {
  return { status: "pass", version, output: "ccproxy is running." };
}

/** Whether a request sent now would be answered, and by what. */
export function renderReadiness(status: GatewayStatus, { version, draining, now }: HealthFacts): Health {
  const time = now.toISOString();
  const ready = status.ready && !draining;
  return {
    status: ready ? "pass" : "fail",
    version,
    output: draining ? "ccproxy is shutting down." : status.detail,
    checks: {
      [status.backend]: [backendCheck(status, time)],
      [`${status.backend}:children`]: [
        count("idle", status.childrenIdle, {
          time,
          unit: "processes",
          output: "Children parked or waiting for a next turn.",
        }),
        count("busy", status.childrenBusy, { time, unit: "processes", output: "Children answering a turn." }),
      ],
      [`${status.backend}:starts`]: startCounts(status, time),
      requests: [
        count("running", status.running, { time, unit: "requests", output: "Turns running." }),
        count("waiting", status.waiting, { time, unit: "requests", output: "Requests waiting for a place." }),
      ],
    },
  };
}

/** Readiness for people: it names the service too. */
export function renderHealth(status: GatewayStatus, facts: HealthFacts): Health {
  return {
    ...renderReadiness(status, facts),
    serviceId: "ccproxy",
    description: "Claude Code as an OpenAI and an Anthropic API",
    time: facts.now.toISOString(),
  };
}

function backendCheck({ backend, ready, detail, version }: GatewayStatus, time: string): Check {
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
function startCounts({ starts: { live, warm, cold } }: GatewayStatus, time: string): Check[] {
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
