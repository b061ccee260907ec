import * as v from "valibot";

import type { ModelInfo } from "#core/backend.ts";
import { orAborted } from "#core/run-signal.ts";
import { looseObject } from "#lib/loose-object.ts";

import { readAnswer } from "./messages.ts";
import type { Supply } from "./supply.ts";

export interface Catalogue {
  /** As they were last told; none before that. */
  known(): readonly ModelInfo[];
  /** Throws GatewayError. */
  list(signal: AbortSignal): Promise<readonly ModelInfo[]>;
}

const FRESH_MS = 10 * 60_000;

const pageSchema = looseObject({
  data: v.array(
    looseObject({
      model: v.string(),
      displayName: v.fallback(v.string(), ""),
      description: v.fallback(v.string(), ""),
      isDefault: v.fallback(v.boolean(), false),
    }),
  ),
  nextCursor: v.nullish(v.string()),
});

export function createCatalogue(supply: Supply, model: string | undefined, shutdown: AbortSignal): Catalogue {
  let models: readonly ModelInfo[] = [];
  let toldAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<readonly ModelInfo[]> | undefined;

  async function ask(): Promise<readonly ModelInfo[]> {
    try {
      models = await askForModels(supply, model, shutdown);
      toldAt = performance.now();
      return models;
    } finally {
      asking = undefined;
    }
  }

  return {
    known: () => models,
    async list(signal) {
      if (performance.now() - toldAt < FRESH_MS) return models;
      asking ??= ask();
      return await orAborted(asking, signal);
    },
  };
}

async function askForModels(
  supply: Supply,
  model: string | undefined,
  signal: AbortSignal,
): Promise<readonly ModelInfo[]> {
  const { server, config } = await supply.acquire(signal);
  // Codex calls one its default whatever its configuration says.
  const chosen = model ?? config.model;
  const models: ModelInfo[] = [];
  let cursor: string | null | undefined;
  do {
    const page = readAnswer(pageSchema, await server.request("model/list", cursor ? { cursor } : {}));
    for (const { model: id, displayName, description, isDefault } of page.data)
      models.push({
        id,
        displayName: displayName || id,
        ownedBy: "openai",
        aliases: (chosen === undefined ? isDefault : id === chosen) ? ["default"] : [],
        ...(description !== "" && { description }),
      });
    cursor = page.nextCursor;
  } while (cursor);
  return models;
}
