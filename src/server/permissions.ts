/** Approvals as JSON: the names and shapes that clients of earlier proxies know, and what they did not have. */
import * as v from "valibot";

import { GatewayError } from "#core/errors.ts";
import type { Approval, ApprovalAnswer } from "#gateway/approval.ts";
import { jsonObject } from "#lib/json-object.ts";
import { nearest } from "#lib/nearest.ts";
import { explainIssue } from "#lib/schema-problem.ts";

import { renderDiff } from "./permission-diff.ts";

const seconds = v.pipe(v.number(), v.minValue(0));
const status = v.picklist(["pending", "allowed", "denied", "expired", "withdrawn"]);
const text = v.nullable(v.string());

const about = {
  request_id: v.pipe(v.string(), v.description("Id of the permission request.")),
  tool_name: v.string(),
  input: v.pipe(jsonObject, v.description("What the tool would be given, whole.")),
  tool_use_id: v.pipe(text, v.description("The model's own id of the call.")),
  description: v.pipe(text, v.description("What Claude says the call is about.")),
  reason: v.pipe(text, v.description("Why Claude Code asks.")),
  blocked_path: v.pipe(text, v.description("The path the call is kept from.")),
  always: v.pipe(text, v.description("What `always` would allow for the session; null when it cannot be asked for.")),
  diff: v.pipe(text, v.description("The change the call would make to a file.")),
  turn_id: v.pipe(v.string(), v.description("`X-Request-Id` of the request whose turn asks.")),
  created_at: v.string(),
  expires_at: v.string(),
};

export const permissionSchema = v.object({
  ...about,
  status,
  time_remaining: v.pipe(seconds, v.description("Seconds left to decide.")),
  resolved_at: text,
});

export const permissionListSchema = v.object({ permissions: v.array(permissionSchema) });

export const permissionEventSchema = v.pipe(
  v.variant("type", [
    v.object({ type: v.literal("permission_request"), ...about, timeout_seconds: seconds }),
    v.object({
      type: v.literal("permission_resolved"),
      request_id: v.string(),
      allowed: v.boolean(),
      status,
      resolved_at: v.string(),
    }),
    v.object({ type: v.literal("permission_expired"), request_id: v.string(), expired_at: v.string() }),
  ]),
  v.title("PermissionEvent"),
);
type PermissionEvent = v.InferOutput<typeof permissionEventSchema>;

/** Strict: a misspelled `updated_input` would let the tool run with what the sender had meant to change. */
export const permissionAnswerSchema = v.strictObject({
  allowed: v.boolean(),
  updated_input: v.optional(v.pipe(jsonObject, v.description("What the tool gets instead of `input`."))),
  always: v.optional(v.pipe(v.boolean(), v.description("Also for the rest of the session, as far as `always` says."))),
  message: v.optional(v.pipe(v.string(), v.description("Told to Claude with a denial."))),
});

export const permissionAnsweredSchema = v.object({
  status: v.literal("success"),
  permission_id: v.string(),
  allowed: v.boolean(),
});

/** Throws GatewayError `invalid-request`. */
export function decodeAnswer(body: unknown): ApprovalAnswer {
  const parsed = v.safeParse(permissionAnswerSchema, body, { abortEarly: true });
  if (parsed.success) {
    const { allowed, updated_input: updated, always, message } = parsed.output;
    return { allowed, input: updated, always, message };
  }
  const { path, explanation } = explainIssue(parsed.issues[0]);
  const fields = Object.keys(permissionAnswerSchema.entries);
  const meant = fields.includes(path) ? undefined : nearest(path, fields);
  throw new GatewayError("invalid-request", `${path === "" ? "The body" : path}: ${explanation}.`, {
    param: path === "" ? undefined : path,
    hint: meant === undefined ? 'Send {"allowed": true} or {"allowed": false}.' : `Did you mean ${meant}?`,
  });
}

export function encodePermission(approval: Approval, now = Date.now()): v.InferOutput<typeof permissionSchema> {
  const { status: state, expiresAt, resolvedAt } = approval;
  return {
    ...factsOf(approval),
    status: state,
    time_remaining: state === "pending" ? Math.max(0, (expiresAt - now) / 1000) : 0,
    resolved_at: resolvedAt === undefined ? null : time(resolvedAt),
  };
}

export function encodePermissionEvent(approval: Approval): PermissionEvent {
  const { id, status: state, createdAt, expiresAt, resolvedAt = expiresAt } = approval;
  if (state === "pending")
    return {
      type: "permission_request",
      ...factsOf(approval),
      timeout_seconds: (expiresAt - createdAt) / 1000,
    };
  if (state === "expired") return { type: "permission_expired", request_id: id, expired_at: time(resolvedAt) };
  return {
    type: "permission_resolved",
    request_id: id,
    allowed: state === "allowed",
    status: state,
    resolved_at: time(resolvedAt),
  };
}

function factsOf({ id, requestId, ask, createdAt, expiresAt }: Approval) {
  return {
    request_id: id,
    tool_name: ask.toolName,
    input: ask.input,
    tool_use_id: ask.callId ?? null,
    description: ask.description ?? null,
    reason: ask.reason ?? null,
    blocked_path: ask.blockedPath ?? null,
    always: ask.always ?? null,
    diff: renderDiff(ask) ?? null,
    turn_id: requestId,
    created_at: time(createdAt),
    expires_at: time(expiresAt),
  };
}

function time(unixMs: number): string {
  return new Date(unixMs).toISOString();
}
