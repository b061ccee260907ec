/**
 * Puts the configuration together. Each source is checked alone, so an error names the place it was
 * written, then they are laid over each other:
 * flags > environment > --env-file > project file > user file > defaults.
 * `--config FILE` takes the place of both files and counts as the user's own word.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseEnv } from "node:util";

import * as v from "valibot";

import { ConfigError } from "./config-error.ts";
import { contradictionsOf } from "./contradictions.ts";
import { environmentLayer, type Variables } from "./environment.ts";
import { fileNames, findFile, readFile } from "./files.ts";
import { type Layer, type LayerKind, problemsOf } from "./layer.ts";
import { flatten, merge, nest } from "./merge.ts";
import { configDirectory, resolvePath, resolvePaths } from "./paths.ts";
import { pricesLayer } from "./prices-file.ts";
import { withFile } from "./said-in.ts";
import { type Config, configSchema } from "./schema.ts";
import { coerce, lookUp } from "./setting.ts";
import { refusalsOf, trustedFoldersOf } from "./trust.ts";

/** One flag of the command line that sets a setting. A list was given once or several times. */
export interface FlagSetting {
  readonly flag: string;
  readonly key: string;
  readonly value: string | boolean | readonly string[];
}

export interface LoadOptions {
  readonly cwd: string;
  readonly environment: Variables;
  readonly flags?: readonly FlagSetting[];
  readonly envFile?: string | undefined;
  readonly configFile?: string | undefined;
}

export interface Origin {
  readonly kind: LayerKind;
  /** `--port`, a variable's name, or a file; empty for a default. */
  readonly name: string;
}

export interface LoadedConfig {
  readonly config: Config;
  /** Where each dotted setting came from. */
  readonly sources: ReadonlyMap<string, Origin>;
  /** Files that were read, strongest first. */
  readonly files: readonly string[];
  /** The process environment over the variables of `--env-file`. */
  readonly environment: Readonly<Record<string, string>>;
  /** The user's own file: the one that is named, else where it is looked for. */
  readonly userFile: string;
}

/** Throws ConfigError. */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const { cwd, environment } = options;
  const envFile = options.envFile === undefined ? undefined : resolvePath(options.envFile, cwd, environment);
  const fileVariables = envFile === undefined ? {} : readVariables(envFile);
  const known = { ...fileVariables, ...definedOf(environment) };

  const files = await fileLayers(options, known);
  const variables = [
    ...(envFile === undefined ? [] : [environmentLayer(fileVariables, "env-file", envFile)]),
    environmentLayer(environment, "environment"),
  ].map((layer) => ({ ...layer, values: resolvePaths(layer.values, cwd, environment) }));
  const flags = flagLayer(options.flags ?? []);
  const layers = [...files, ...variables, { ...flags, values: resolvePaths(flags.values, cwd, environment) }];

  const userFile =
    files.find(({ kind }) => kind !== "project")?.file ?? join(configDirectory({ environment }), fileNames[0]);
  const trusted = trustedFoldersOf(layers.filter(({ kind }) => kind !== "project"));
  const projects = layers.filter(({ kind }) => kind === "project");
  const problems = [
    ...layers.flatMap(problemsOf),
    ...projects.flatMap((layer) => refusalsOf(layer, trusted, userFile)),
  ];
  if (problems.length > 0) throw new ConfigError(problems);

  const said = v.parse(
    configSchema,
    layers.reduce((below, { values }) => merge(below, values), {}),
  );
  const listed = await pricesLayer(said);
  const { prices } = v.parse(configSchema, listed?.values ?? {});
  // The first that fits a model counts: what the configuration says itself stands before the file.
  const config = { ...said, prices: { ...said.prices, ...without(prices, said.prices) } };
  const all = listed === undefined ? layers : [listed, ...layers];
  const contradictions = contradictionsOf(config);
  if (contradictions.length > 0) throw new ConfigError(contradictions.map((problem) => withFile(problem, all)));
  return {
    config,
    sources: originsOf(all),
    files: layers.flatMap(({ file }) => (file === undefined ? [] : [file])).toReversed(),
    environment: known,
    userFile,
  };
}

function without<T>(entries: Readonly<Record<string, T>>, others: object): Record<string, T> {
  return Object.fromEntries(Object.entries(entries).filter(([name]) => !Object.hasOwn(others, name)));
}

/** Weakest first. */
async function fileLayers(options: LoadOptions, known: Variables): Promise<readonly Layer[]> {
  const { cwd, environment } = options;
  const named = options.configFile ?? (known["CCPROXY_CONFIG"] || undefined);
  if (named !== undefined) return [await fileLayer("named", resolvePath(named, cwd, environment), environment)];
  const user = findFile(configDirectory({ environment }));
  const project = findFile(cwd);
  return [
    ...(user === undefined ? [] : [await fileLayer("user", user, environment)]),
    // Started in the folder of the user's own file, it is still the user's own.
    ...(project === undefined || project === user ? [] : [await fileLayer("project", project, environment)]),
  ];
}

async function fileLayer(kind: LayerKind, file: string, environment: Variables): Promise<Layer> {
  const values = resolvePaths(await readFile(file), dirname(file), environment);
  return { kind, file, values, spell: (key) => key };
}

function flagLayer(flags: readonly FlagSetting[]): Layer {
  const names = new Map(flags.map(({ key, flag }) => [key, flag]));
  const values = flags.reduce<Record<string, unknown>>((below, { key, value }) => {
    const path = key.split(".");
    const setting = lookUp(path);
    const read = typeof value === "string" && setting.found ? coerce(setting.schema, value) : value;
    return merge(below, nest(path, read));
  }, {});
  return { kind: "flag", values, spell: (key) => names.get(key) ?? key };
}

function readVariables(file: string): Record<string, string> {
  try {
    return definedOf(parseEnv(readFileSync(file, "utf8")));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`--env-file ${file} cannot be read: ${reason}`], { cause: error });
  }
}

function definedOf(variables: Variables): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function originsOf(layers: readonly Layer[]): ReadonlyMap<string, Origin> {
  const origins = new Map<string, Origin>();
  for (const [key] of flatten(v.parse(configSchema, {}))) origins.set(key, { kind: "default", name: "" });
  for (const { kind, file, values, spell } of layers)
    for (const [key] of flatten(values)) origins.set(key, { kind, name: file ?? spell(key) });
  return origins;
}
