import type { ModelInfo } from "#core/backend.ts";
import { GatewayError, toGatewayError } from "#core/errors.ts";
import { orAborted, startDeadline } from "#core/run-signal.ts";
import { parseJsonText } from "#lib/parse-json-text.ts";

import { askForList } from "./ask-for-list.ts";
import { modelsIn } from "./dialect.ts";
import type { HttpApiOptions } from "./options.ts";
import { refusalIn } from "./send.ts";

export interface Catalogue {
  /** As they were last told; those of the configuration before that. */
  known(): readonly ModelInfo[];
  /** Throws GatewayError only where nothing is known at all. */
  list(signal: AbortSignal): Promise<readonly ModelInfo[]>;
}

/** As a provider told it. */
export interface ModelList {
  readonly models: readonly ModelInfo[];
  /** Unix milliseconds. */
  readonly at: number;
}

/** What outlives the program. Neither throws. */
export interface KeptList {
  read(): ModelList | undefined;
  write(list: ModelList): void;
}

/** Models come and go by the week. */
const freshMs = 10 * 60_000;
/** How long one that could not say is not asked again. */
const failedMs = 15_000;
/** A list in front of a client that is just starting. */
const longestWaitMs = 5000;

interface State {
  /** Listed as it is until then. */
  freshUntil: number;
  failure: { readonly error: unknown; readonly until: number } | undefined;
  asking: Promise<readonly ModelInfo[]> | undefined;
  /** As it was last told, in this life or an earlier one; `null` before anybody looked. */
  list: ModelList | undefined | null;
}

export function createCatalogue(
  options: HttpApiOptions,
  now = () => performance.now(),
  waitMs = longestWaitMs,
): Catalogue {
  const { keptList, onWarning, title } = options;
  const known = (models: readonly ModelInfo[]) =>
    models.map((model): ModelInfo => ({ ownedBy: options.id, ...model, ...options.limitsOf(model.id) }));
  const configured = known(options.models.map((id) => ({ id, displayName: id, aliases: [] })));
  const state: State = { freshUntil: 0, failure: undefined, asking: undefined, list: null };

  function lastTold(): ModelList | undefined {
    if (state.list !== null) return state.list;
    const kept = keptList?.read();
    return (state.list = kept && { ...kept, models: known(kept.models) });
  }

  async function ask(): Promise<readonly ModelInfo[]> {
    try {
      const told = { models: await askForModels(options, waitMs), at: Date.now() };
      keptList?.write(told);
      const models = known(told.models);
      Object.assign(state, { list: { ...told, models }, freshUntil: now() + freshMs, failure: undefined });
      return models;
    } catch (error) {
      if (state.failure === undefined)
        onWarning?.(`${title} could not be asked for its models: ${toGatewayError(error).message}`);
      state.failure = { error, until: now() + failedMs };
      throw error;
    } finally {
      state.asking = undefined;
    }
  }

  /** Marked as old. Throws the error where nothing is known. */
  function insteadOf(error: unknown): readonly ModelInfo[] {
    const list = lastTold();
    if (list !== undefined) return list.models.map((model) => ({ ...model, lastTold: list.at }));
    if (configured.length > 0) return configured;
    throw error;
  }

  return {
    known: () => lastTold()?.models ?? configured,
    async list(signal) {
      const { freshUntil, failure, list } = state;
      if (list !== null && list !== undefined && now() < freshUntil) return list.models;
      if (failure !== undefined && now() < failure.until) return insteadOf(failure.error);
      state.asking ??= ask();
      try {
        return await orAborted(state.asking, signal);
      } catch (thrown) {
        return insteadOf(thrown);
      }
    },
  };
}

async function askForModels(options: HttpApiOptions, waitMs: number): Promise<readonly ModelInfo[]> {
  const late = `${options.title} did not tell its models within ${waitMs / 1000} seconds.`;
  const { signal, release } = startDeadline(waitMs, new GatewayError("timeout", late));
  const { endpoint, answer, text } = await askForList(options, signal).finally(release);
  if (!answer.response.ok) throw refusalIn(options, endpoint, answer, text);
  const models = modelsIn(parseJsonText(text));
  if (models !== undefined) return models;
  throw new GatewayError("upstream", `${options.title} has no list of models.`, {
    hint: `providers.${options.id}.models can name them.`,
  });
}
