/** Requests to one of several servers that all speak Anthropic messages, and what they took. */
import { quantile } from "./stats.ts";

export const token = "bench-access-token";

export type UpstreamModel = "at-once" | "in-20-ms" | "never-ends" | "ticks" | "floods";

export interface Load {
  readonly ms: readonly number[];
  readonly perSecond: number;
}

export const request = (model: UpstreamModel, stream = false) => ({
  method: "POST",
  headers: { "content-type": "application/json", authorization: `Bearer ${token}`, "anthropic-version": "2023-06-01" },
  body: JSON.stringify({ model, max_tokens: 10, stream, messages: [{ role: "user", content: "hello" }] }),
});

/** So many clients that each ask as soon as they are answered. */
export async function load(url: string, model: UpstreamModel, atOnce: number, requests: number): Promise<Load> {
  const ms: number[] = [];
  let left = requests;
  const client = async (): Promise<void> => {
    for (; left > 0;) {
      left -= 1;
      const askedAt = performance.now();
      const response = await fetch(`${url}/v1/messages`, request(model));
      const text = await response.text();
      if (!response.ok) throw new Error(`${response.status}: ${text}`);
      ms.push(performance.now() - askedAt);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: atOnce }, client));
  return { ms, perSecond: (requests * 1000) / (performance.now() - startedAt) };
}

/** Of one kind: all its times, and its rate in the middle one of the rounds. */
export function merged(loads: readonly Load[]): Load {
  const rates = loads.map(({ perSecond }) => perSecond);
  return { ms: loads.flatMap(({ ms }) => ms), perSecond: quantile(rates, 0.5) };
}

/** Milliseconds from an event's leaving the upstream until its client has it, of so many streams at once. */
export async function eventDelays(url: string, streams: number): Promise<readonly number[]> {
  const delays: number[] = [];
  const listen = async (): Promise<void> => {
    const response = await fetch(`${url}/v1/messages`, request("ticks", true));
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      const at = performance.timeOrigin + performance.now();
      for (const [, sent] of decoder.decode(chunk).matchAll(/at=([\d.]+);/g)) delays.push(at - Number(sent));
    }
  };
  await Promise.all(Array.from({ length: streams }, listen));
  return delays;
}

/** Megabytes a second of the upstream's stream, all of it read, in the format of `path`. */
export async function streamRate(url: string, path: string, upstreamBytes: number): Promise<number> {
  const startedAt = performance.now();
  const messages = [{ role: "user", content: "hello" }];
  const body = path.endsWith("/responses")
    ? { model: "floods", stream: true, input: "hello" }
    : { model: "floods", stream: true, max_tokens: 10, messages };
  const response = await fetch(url + path, { ...request("floods", true), body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  let bytes = 0;
  for await (const chunk of response.body ?? []) bytes += chunk.byteLength;
  if (bytes < upstreamBytes / 4) throw new Error(`${url}${path} ended after ${bytes} bytes`);
  return upstreamBytes / 1e3 / (performance.now() - startedAt);
}
