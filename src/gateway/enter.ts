import type { Backend } from "#core/backend.ts";

import type { Admission } from "./admission.ts";
import type { Call } from "./types.ts";

export interface Admissions {
  /** To what runs as a process, which takes memory. */
  readonly admission: Admission;
  /** To what is asked over HTTP. */
  readonly upstreamAdmission: Admission;
}

export function admissionTo({ admission, upstreamAdmission }: Admissions, { answersBy }: Backend): Admission {
  return answersBy === "processes" ? admission : upstreamAdmission;
}

/** Waits for a place; the release is to be called once the turn is over. Throws GatewayError `rate-limit`, `cancelled`. */
export async function enter(admission: Admission, call: Call, session?: AbortSignal): Promise<() => void> {
  const before = performance.now();
  try {
    return await admission.enter(session === undefined ? call.signal : AbortSignal.any([call.signal, session]));
  } finally {
    call.record.set({ queueMs: performance.now() - before });
  }
}
