import * as v from "valibot";

import { type JsonObject, jsonObject } from "#lib/json-object.ts";

const text = v.optional(v.nullable(v.string()), null);

/** What the server says of its approvals; of what a later version adds nothing is read. */
export const eventSchema = v.variant("type", [
  v.object({
    type: v.literal("permission_request"),
    request_id: v.string(),
    tool_name: v.string(),
    input: jsonObject,
    description: text,
    reason: text,
    blocked_path: text,
    always: text,
    diff: text,
    timeout_seconds: v.number(),
    created_at: v.string(),
    expires_at: v.string(),
  }),
  v.object({
    type: v.literal("permission_resolved"),
    request_id: v.string(),
    allowed: v.boolean(),
    status: v.optional(v.string()),
  }),
  v.object({ type: v.literal("permission_expired"), request_id: v.string() }),
]);

export type PermissionEvent = v.InferOutput<typeof eventSchema>;
export type Permission = Extract<PermissionEvent, { type: "permission_request" }>;

export interface Answer {
  readonly allowed: boolean;
  readonly updated_input?: JsonObject;
  readonly always?: true;
  readonly message?: string;
}

/** Reads an input that somebody has edited; undefined for what is no JSON object. */
export function parseInput(written: string): JsonObject | undefined {
  try {
    const parsed = v.safeParse(jsonObject, JSON.parse(written));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}
