import * as v from "valibot";

import type { SessionPage, SessionState } from "#gateway/types.ts";

export const sessionSchema = v.object({
  id: v.string(),
  object: v.literal("session"),
  named: v.pipe(
    v.boolean(),
    v.description("Its conversation is remembered. Otherwise the id is one that a client only sends along."),
  ),
  mode: v.nullable(v.picklist(["agent", "chat"])),
  workspace: v.pipe(v.nullable(v.string()), v.description("Where its agent works.")),
  model: v.pipe(v.nullable(v.string()), v.description("As the client named it.")),
  turns: v.pipe(v.number(), v.integer(), v.description("Answered to their end.")),
  running: v.pipe(v.number(), v.integer(), v.description("Turns that run now.")),
  waiting: v.pipe(v.number(), v.integer(), v.description("Requests that wait for theirs.")),
  created_at: v.pipe(v.string(), v.isoTimestamp()),
  last_used_at: v.pipe(v.string(), v.isoTimestamp()),
  backend_session: v.pipe(v.nullable(v.string()), v.description("What Claude Code calls its latest conversation.")),
});

export const sessionListSchema = v.object({
  object: v.literal("list"),
  data: v.array(sessionSchema),
  has_more: v.boolean(),
});

export const sessionDeletedSchema = v.object({
  id: v.string(),
  object: v.literal("session"),
  deleted: v.literal(true),
});

export const sessionInterruptedSchema = v.object({
  id: v.string(),
  object: v.literal("session"),
  interrupted: v.pipe(v.number(), v.integer(), v.description("Turns that were stopped.")),
});

export function encodeSession(session: SessionState): v.InferOutput<typeof sessionSchema> {
  const { id, named, mode, workspace, model, turns, running, waiting, createdAt, usedAt, backendSession } = session;
  return {
    id,
    object: "session",
    named,
    mode,
    workspace,
    model,
    turns,
    running,
    waiting,
    created_at: new Date(createdAt).toISOString(),
    last_used_at: new Date(usedAt).toISOString(),
    backend_session: backendSession,
  };
}

export function encodeSessionPage({ sessions, hasMore }: SessionPage): v.InferOutput<typeof sessionListSchema> {
  return { object: "list", data: sessions.map(encodeSession), has_more: hasMore };
}
