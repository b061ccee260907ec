/** Whether Codex would answer here, by starting it; the model is not asked. */
import { isTested, testedVersions } from "#backends/codex-cli/tested-versions.ts";
import type { Config } from "#config/schema.ts";
import { toGatewayError } from "#core/errors.ts";
import { startDemoUpstream } from "#demo/demo-upstream.ts";

import type { Check } from "./check.ts";
import { codexProgram, createCodex } from "./codex.ts";
import { openPlaces } from "./places.ts";

interface CodexDoctorOptions {
  readonly config: Config;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const name = "codex";
/** Less than a second as measured; this is for a busy machine. */
const startTimeoutMs = 30_000;

export async function* checkCodex({ config, environment }: CodexDoctorOptions): AsyncGenerator<Check> {
  const { problem } = codexProgram({ config, environment });
  if (problem !== undefined) return yield { name, status: "fail", ...problem };
  await using opened = new AsyncDisposableStack();
  try {
    const places = openPlaces(config, environment);
    const demo = config.demo ? opened.adopt(startDemoUpstream(), (upstream) => upstream.stop()) : undefined;
    const deps = { places, demo, selfUrls: () => [], journal: undefined, onNotice: () => undefined };
    for (const codex of createCodex({ config, environment, version: "doctor" }, deps)) {
      opened.defer(() => codex.stop(0));
      const { path = "", version, login } = await codex.probe(AbortSignal.timeout(startTimeoutMs));
      yield { name, status: "pass", detail: `${path}, started` };
      yield checkVersion(version);
      yield { name, status: "pass", detail: describeLogin(login) };
    }
  } catch (thrown) {
    const { message, options } = toGatewayError(thrown);
    yield { name, status: "fail", detail: message, ...(options.hint !== undefined && { action: options.hint }) };
  }
}

function checkVersion(version: string | undefined): Check {
  if (version !== undefined && isTested(version)) return { name, status: "pass", detail: version };
  return {
    name,
    status: "warn",
    detail: `${version ?? "a version it does not tell"}, not one of those tested (${testedVersions.join(", ")})`,
    action: "it may work all the same; `codex.path` can name a tested one",
  };
}

/** Never who, and never a secret. */
function describeLogin(login: string | undefined): string {
  return login === undefined
    ? "its provider asks for no login of OpenAI's"
    : `logged in (${login}); Codex keeps that login, \`codex login\` and \`codex logout\` change it`;
}
