/** A handler of approvals over HTTP, and prompts that make an agent ask. */
import { createSseParser } from "#lib/sse.ts";

import { waitFor } from "./proxy.ts";

/** As the stream's `data:` lines have it. */
export interface PermissionEvent {
  readonly type: string;
  readonly request_id: string;
  readonly tool_name: string;
  readonly input: Record<string, unknown>;
  readonly [name: string]: unknown;
}

export interface TestHandler {
  readonly events: readonly PermissionEvent[];
  /** Waits for the nth event of a type, counted from 1. */
  event(type: string, nth?: number): Promise<PermissionEvent>;
  respond(id: string, answer: unknown): Promise<Response>;
  leave(): void;
}

/** Resolves once the stream is open. */
export async function openHandler(url: string, headers: Record<string, string> = {}): Promise<TestHandler> {
  const leaving = new AbortController();
  const events: PermissionEvent[] = [];
  const response = await fetch(`${url}/permissions/stream`, { headers, signal: leaving.signal });
  if (!response.ok || response.body === null) throw new Error(`No stream: ${response.status}`);
  const pinged = Promise.withResolvers<void>();
  const body = response.body;
  const read = async (): Promise<void> => {
    const parser = createSseParser();
    for await (const chunk of body)
      for (const { event, data } of parser.push(chunk)) {
        if (event === "ping") pinged.resolve();
        else events.push(JSON.parse(data) as PermissionEvent); // Of our own server, asserted by the tests.
      }
  };
  void read().catch(() => undefined);
  await pinged.promise;
  return {
    events,
    event: (type, nth = 1) => waitFor(() => events.filter((event) => event.type === type)[nth - 1], 20_000),
    respond: (id, answer) =>
      fetch(`${url}/permissions/${id}/respond`, { method: "POST", headers, body: JSON.stringify(answer) }),
    leave: () => leaving.abort(),
  };
}

/** A prompt that has the agent call a tool and then quote what came of it. */
export function toolPrompt(name: string, input: unknown): string {
  return `[[demo tool ${name} ${JSON.stringify(input)}]] [[demo then]] [[demo say Done.]]`;
}
