import { chunksOf, textOf } from "#upstream/read-body.ts";
import type { UpstreamAnswer } from "#upstream/upstream.ts";

import { type Endpoint, endpointFor } from "./endpoint.ts";
import { refusesKey } from "./key-refusal.ts";
import { named } from "./named.ts";
import type { HttpApiOptions } from "./options.ts";

const mostBytes = 8 * 1024 * 1024;

interface Told {
  readonly endpoint: Endpoint;
  readonly answer: UpstreamAnswer;
  /** Of any status, and whatever it is. */
  readonly text: string;
}

/** What an API answers when it is asked for its models. Throws GatewayError where nobody answers. */
export async function askForList(options: HttpApiOptions, signal: AbortSignal): Promise<Told> {
  try {
    return await ask(options, signal);
  } catch (thrown) {
    throw named(thrown, options);
  }
}

async function ask(options: HttpApiOptions, signal: AbortSignal): Promise<Told> {
  const { upstream, headers, endpoints, idleTimeoutMs } = options;
  const endpoint = endpointFor(options, endpoints[0]?.format ?? "openai-chat");
  const { dialect, root } = endpoint;
  const answer = await upstream.send({
    url: root + dialect.modelsPath,
    method: "GET",
    headers: { ...dialect.headers, ...headers },
    authorize: dialect.authorize,
    refusesKey,
    signal,
  });
  const text = await textOf(chunksOf(answer.response, { idleTimeoutMs, signal }), mostBytes);
  return { endpoint, answer, text };
}
