import type { RunContext } from "#core/backend.ts";
import { GatewayError } from "#core/errors.ts";
import { parseJsonText } from "#lib/parse-json-text.ts";
import { chunksOf, textOf } from "#upstream/read-body.ts";
import type { UpstreamAnswer } from "#upstream/upstream.ts";

import type { Endpoint } from "./endpoint.ts";
import { refusesKey } from "./key-refusal.ts";
import type { HttpApiOptions } from "./options.ts";

export interface Sending {
  /** Seen from the endpoint's root. */
  readonly path: string;
  /** Beside those of every request; where both say one, both are said. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body: unknown;
  readonly context: Pick<RunContext, "principal" | "session" | "signal" | "report">;
}

/** Throws GatewayError where nobody answers. */
export async function send(
  { upstream, affinity, headers: configured }: HttpApiOptions,
  { dialect, root }: Endpoint,
  { path, headers = {}, body, context }: Sending,
): Promise<UpstreamAnswer> {
  const { signal, report } = context;
  const said = new Headers({ "content-type": "application/json", ...dialect.headers, ...configured });
  for (const [name, value] of Object.entries(headers)) said.append(name, value);
  return await upstream.send({
    url: root + path,
    method: "POST",
    headers: Object.fromEntries(said),
    body: JSON.stringify(body),
    authorize: dialect.authorize,
    refusesKey,
    affinity: affinity.ofTurn(context, body),
    signal,
    onRetry: (retries) => report({ retries }),
  });
}

const mostBytes = 64 * 1024;
const longestText = 2000;

type Refused = Pick<UpstreamAnswer, "response" | "credential" | "conceal">;

/** What an answer of another status than 2xx says. Throws GatewayError where it says nothing any more. */
export async function refusalOf(
  options: HttpApiOptions,
  endpoint: Endpoint,
  answer: Refused,
  signal: AbortSignal,
): Promise<GatewayError> {
  const chunks = chunksOf(answer.response, { idleTimeoutMs: options.idleTimeoutMs, signal });
  return refusalIn(options, endpoint, answer, await textOf(chunks, mostBytes));
}

/** Whoever follows it takes the credential along. */
function redirected(
  { id, title }: Pick<HttpApiOptions, "id" | "title">,
  status: number,
  to: string | null,
): GatewayError {
  const origin = to === null ? undefined : URL.parse(to)?.origin;
  const where = origin === undefined ? "" : ` to ${origin}`;
  return new GatewayError("upstream", `${title} answered with a redirect${where} (${status}), which is not followed.`, {
    hint: `Check providers.${id}.base_url: it may want https, or be another by now.`,
    upstreamStatus: status,
  });
}

/** Says nothing of the secret that it was asked with. */
export function refusalIn(
  { id, title }: Pick<HttpApiOptions, "id" | "title">,
  { dialect }: Endpoint,
  { response: { status, headers }, credential, conceal = (said) => said }: Refused,
  text: string,
): GatewayError {
  if (status >= 300 && status < 400) return redirected({ id, title }, status, headers.get("location"));
  const said = conceal(text);
  const body = parseJsonText(said) ?? said.slice(0, longestText);
  const error = dialect.format.decodeError({ status, headers, body, provider: title, credential });
  if (error.kind !== "authentication" || credential !== undefined) return error;
  const hint = `ccproxy has no key for it: call \`ccproxy auth login ${id}\`, or let env, file or command of [providers.${id}.credentials.mine] say where one is.`;
  return new GatewayError(error.kind, error.message, { ...error.options, hint });
}
