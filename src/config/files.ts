/**
 * Finds and reads configuration files as data. Nothing in them, beside them, or named like them is
 * ever executed: no scripts, no rc files, no package.json, no `extends`, no .env.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";

import * as v from "valibot";

import { isRecord } from "#lib/is-record.ts";
import { findJsonFault } from "#lib/json-fault.ts";

import { ConfigError } from "./config-error.ts";

export const fileNames = ["ccproxy.toml", "ccproxy.yaml", "ccproxy.json", "ccproxy.jsonc"] as const;

const readable: ReadonlySet<string> = new Set([".toml", ".yaml", ".yml", ".json", ".jsonc"]);

/** Far above any real configuration, far below what would hurt to parse. */
const maxBytes = 1024 * 1024;

/** The one configuration file of a folder. Two are an error: nobody could say which one counts. */
export function findFile(folder: string): string | undefined {
  const found = fileNames.map((name) => join(folder, name)).filter((file) => existsSync(file));
  const [first, second] = found;
  if (first !== undefined && second !== undefined)
    throw new ConfigError([`${first} and ${second} both exist; keep one of them`]);
  return first;
}

/** The file's values, still unchecked. Throws ConfigError when it cannot be read or is not a table. */
export async function readFile(file: string): Promise<Record<string, unknown>> {
  if (!readable.has(extname(file)))
    throw new ConfigError([`${file} is not a configuration file; use .toml, .yaml, .json or .jsonc`]);
  if (isBlank(readText(file))) return {};
  const values = await parse(file);
  if (!isRecord(values)) throw new ConfigError([`${file} must be a table of settings`]);
  const { $schema: _schema, ...settings } = values;
  return settings;
}

function readText(file: string): string {
  try {
    const found = statSync(file);
    // A pipe would be waited for without end.
    if (!found.isFile()) throw new ConfigError([`${file} is not a file`]);
    if (found.size > maxBytes) throw new ConfigError([`${file} is larger than 1 MB; that is not a configuration file`]);
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError([`${file} cannot be read: ${reasonOf(error)}`], { cause: error });
  }
}

async function parse(file: string): Promise<unknown> {
  const { loadConfig } = await import("c12");
  try {
    const { config } = await loadConfig<Record<string, unknown>>({
      cwd: dirname(file),
      configFile: basename(file),
      configFileRequired: true,
      rcFile: false,
      globalRc: false,
      packageJson: false,
      dotenv: false,
      extend: false,
      giget: false,
      envName: false,
      // The default merger drops `__proto__` silently; a file that has it is to be refused.
      merger: (...sources) => sources.find((source) => source !== undefined && source !== null) ?? {},
      resolve: () => readJson(file),
    });
    return config;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError([`${file}${placeOf(error, file)} cannot be read: ${reasonOf(error)}`], { cause: error });
  }
}

const tomlFault = v.object({ codeblock: v.string(), line: v.number(), column: v.number() });
/** Counted from 0. */
const yamlFault = v.object({ mark: v.object({ line: v.number(), column: v.number() }) });

/** `:3:2`, line and column as editors and terminals understand them; nothing for JSONC, whose parser does not say. */
function placeOf(error: unknown, file: string): string {
  const toml = v.safeParse(tomlFault, error);
  if (toml.success) return `:${toml.output.line}:${toml.output.column}`;
  const yaml = v.safeParse(yamlFault, error);
  if (yaml.success) return `:${yaml.output.mark.line + 1}:${yaml.output.mark.column + 1}`;
  if (extname(file) !== ".json") return "";
  const { line, column } = findJsonFault(readText(file));
  return `:${line}:${column}`;
}

/** c12 would import JSON as a module, and its JSONC reader takes half a file for the whole without a word. */
function readJson(file: string) {
  const extension = extname(file);
  if (extension !== ".json" && extension !== ".jsonc") return null;
  const text = readText(file);
  const config: unknown = extension === ".json" ? JSON.parse(text) : Bun.JSONC.parse(text);
  if (!isRecord(config)) throw new ConfigError([`${file} must be a table of settings`]);
  return { config, configFile: file, _configFile: file, cwd: dirname(file) };
}

/** Blank lines and comments alone: an empty table, which the YAML parser would not call one. */
function isBlank(text: string): boolean {
  return text.split("\n").every((line) => /^\s*(?:#.*|\/\/.*|---)?$/.test(line.replace("\uFEFF", "")));
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const [first = text] = text.split("\n", 1);
  // The place, as the YAML parser says it, stands behind the file's name already.
  return first.replace(/ \(\d+:\d+\)$/, "");
}
