/** Prices in a file of their own: one more source, which has this one table and stands below all others. */
import { ConfigError } from "./config-error.ts";
import { readFile } from "./files.ts";
import { type Layer, problemsOf } from "./layer.ts";
import type { Config } from "./schema.ts";

const table = "prices";

/** undefined where none is named. Throws ConfigError. */
export async function pricesLayer({ prices_file: file }: Pick<Config, "prices_file">): Promise<Layer | undefined> {
  if (file === undefined) return undefined;
  const layer: Layer = {
    kind: "named",
    file,
    values: { [table]: await readPrices(file) },
    spell: (key) => key.replace(`${table}.`, ""),
  };
  const problems = problemsOf(layer);
  if (problems.length > 0) throw new ConfigError(problems.map(named));
  return layer;
}

async function readPrices(file: string): Promise<Record<string, unknown>> {
  try {
    return await readFile(file);
  } catch (cause) {
    if (cause instanceof ConfigError) throw new ConfigError(cause.problems.map(named), { cause });
    throw cause;
  }
}

function named(problem: string): string {
  return `prices_file: ${problem}`;
}
