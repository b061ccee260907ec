/** One source of settings as a tree of values, checked alone so that its errors can name it. */
import * as v from "valibot";

import { isRecord } from "#lib/is-record.ts";
import { nearest } from "#lib/nearest.ts";

import { keyHint } from "./key-hint.ts";
import { configSchema, isSecret } from "./schema.ts";
import { allSettings, describeExpected, forbiddenNames, isTable, lookUp } from "./setting.ts";

export type LayerKind = "flag" | "environment" | "env-file" | "project" | "user" | "named" | "default";

export interface Layer {
  readonly kind: LayerKind;
  readonly values: Readonly<Record<string, unknown>>;
  /** How the setting is written there: `--port`, `CCPROXY__SERVER__PORT`, `server.port`. */
  readonly spell: (key: string) => string;
  /** The file the layer was read from. */
  readonly file?: string;
}

/** The setting's name with the file it stands in. */
export function nameOf({ file, spell }: Layer, key: string): string {
  return file === undefined ? spell(key) : `${file}: ${spell(key)}`;
}

/** Everything wrong with the layer, one line each; nothing when it is right. */
export function problemsOf(layer: Layer): readonly string[] {
  return [...misplaced(layer, layer.values, []), ...wrongValues(layer)];
}

/** Names that are no setting, and lists where a table belongs, which the schema would take for one. */
function misplaced(layer: Layer, values: Readonly<Record<string, unknown>>, path: readonly string[]): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const here = [...path, name];
    const found = lookUp(here);
    if (!found.found) return [describeUnknown(layer, here)];
    if (!isTable(found.schema)) return [];
    if (Array.isArray(value)) return [describeWrong(layer, here, value)];
    return isRecord(value) ? misplaced(layer, value, here) : [];
  });
}

function wrongValues(layer: Layer): string[] {
  const { issues = [] } = v.safeParse(configSchema, layer.values);
  return issues.flatMap((issue) => {
    const items = issue.path ?? [];
    if (issue.expected === "never" || items.some(isInMisplacedList)) return [];
    // A wrong item is the fault of its list: the setting's name ends where the list begins.
    const inList = items.findIndex((item) => item.type === "array");
    const path = (inList === -1 ? items : items.slice(0, inList)).map((item) => String(item.key));
    return [describeWrong(layer, path, issue.input)];
  });
}

function isInMisplacedList(item: v.IssuePathItem): boolean {
  return item.type !== "array" && Array.isArray(item.input);
}

function describeUnknown(layer: Layer, path: readonly string[]): string {
  const key = path.join(".");
  if (path.some((name) => forbiddenNames.has(name))) return `${nameOf(layer, key)} is not a name a setting can have`;
  const hint = keyHint(path) ?? placeHint(layer, path) ?? suggestionFor(layer, path);
  return `${nameOf(layer, key)} is not a setting; ${hint}`;
}

function suggestionFor(layer: Layer, path: readonly string[]): string {
  const suggestion = suggestKey(path);
  return suggestion === undefined ? "`ccproxy config schema` lists them" : `did you mean ${layer.spell(suggestion)}?`;
}

/** What stands below the head of a table is the table's, which is easily forgotten. */
function placeHint({ file }: Layer, path: readonly string[]): string | undefined {
  const name = path.at(-1) ?? "";
  const found = lookUp([name]);
  if (file === undefined || path.length === 1 || !found.found || isTable(found.schema)) return undefined;
  return `${name} itself belongs ${file.endsWith(".toml") ? "above the first [table]" : "into no table"}`;
}

/** The right name at the same place, or a setting of that name in another table. */
function suggestKey(path: readonly string[]): string | undefined {
  const found = lookUp(path);
  if (found.found) return undefined;
  const wrong = path[found.depth] ?? "";
  const sibling = nearest(wrong, found.names);
  if (sibling !== undefined) return [...path.slice(0, found.depth), sibling, ...path.slice(found.depth + 1)].join(".");
  const last = path.at(-1) ?? "";
  return allSettings().find((key) => key.split(".").at(-1) === last) ?? nearest(path.join("."), allSettings());
}

function describeWrong(layer: Layer, path: readonly string[], got: unknown): string {
  const key = path.join(".");
  const found = lookUp(path);
  const expected = found.found ? describeExpected(found.schema) : "a table of settings";
  // Of what belongs to a provider a text in place of a table is likely its key.
  const isTableThere = found.found && isTable(found.schema);
  const keyIsMeant = typeof got === "string" && path[0] === "providers" && (isTableThere || path[2] === "credentials");
  const shown = isSecret(key) || keyIsMeant ? "a value that is not shown" : show(got);
  const hint = (keyIsMeant ? keyHint(path) : undefined) ?? placeHint(layer, path);
  return `${nameOf(layer, key)} must be ${expected}, got ${shown}${hint === undefined ? "" : `; ${hint}`}`;
}

function show(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "bigint") return String(value);
  if (value instanceof Date) return "a date";
  if (isRecord(value)) return "a table";
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}
