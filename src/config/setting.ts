/** Reads the schema as data: which settings there are, what each one takes, and what a text means to it. */
import * as v from "valibot";

import { isRecord } from "#lib/is-record.ts";
import { splitList } from "#lib/split-list.ts";

import { configSchema } from "./schema.ts";

export type SettingSchema = v.GenericSchema;

/** Names that reach an object's prototype; no setting and no alias may have one. */
export const forbiddenNames: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** What a path leads to: a setting's schema, or the names that would have been right at `depth`. */
export type Lookup =
  | { readonly found: true; readonly schema: SettingSchema }
  | { readonly found: false; readonly depth: number; readonly names: readonly string[] };

export function lookUp(path: readonly string[]): Lookup {
  let schema: SettingSchema = configSchema;
  for (const [depth, name] of path.entries()) {
    const children = childrenOf(schema);
    if (children === undefined || forbiddenNames.has(name)) return { found: false, depth, names: [] };
    const child: SettingSchema | undefined = Object.hasOwn(children.entries, name)
      ? children.entries[name]
      : children.rest;
    if (child === undefined) return { found: false, depth, names: Object.keys(children.entries) };
    schema = child;
  }
  return { found: true, schema };
}

/** Dotted names of every setting that takes a value; `aliases` counts as one, and a workspace of one's own as none. */
export function allSettings(): readonly string[] {
  return namesBelow(configSchema, []);
}

function namesBelow(schema: SettingSchema, path: readonly string[]): string[] {
  const children = childrenOf(schema);
  const entries = Object.entries(children?.entries ?? {});
  if (entries.length === 0) return [path.join(".")];
  return entries.flatMap(([name, child]) => namesBelow(child, [...path, name]));
}

/** Whether the path leads to a table of settings rather than to one setting. */
export function isTable(schema: SettingSchema): boolean {
  return childrenOf(schema) !== undefined;
}

/** What the setting takes, as it continues the sentence "must be …". */
export function describeExpected(schema: SettingSchema): string {
  const bare = unwrap(schema);
  switch (bare.type) {
    case "boolean":
      return "true or false";
    case "number":
      return describeNumber(bare);
    case "string":
      return describeText(bare);
    case "picklist":
      return `one of ${optionsOf(bare).join(", ")}`;
    case "literal":
      return JSON.stringify(property(bare, "literal"));
    case "array":
      return `a list; each item must be ${describeExpected(itemOf(bare))}`;
    case "union":
      return alternativesOf(bare).map(describeExpected).join(" or ");
    default:
      return "a table of settings";
  }
}

/** Reads a text from a flag or the environment the way the setting wants it; what it cannot read stays a text. */
export function coerce(schema: SettingSchema, text: string): unknown {
  const bare = unwrap(schema);
  const trimmed = text.trim();
  switch (bare.type) {
    case "number":
      return /^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(trimmed) ? Number(trimmed) : text;
    case "boolean":
      return booleanWords.get(trimmed.toLowerCase()) ?? text;
    case "array":
      return splitList(text).map((item) => coerce(itemOf(bare), item));
    case "union":
      return (
        alternativesOf(bare)
          .map((alternative) => coerce(alternative, trimmed))
          .find((value, index) => v.is(alternativesOf(bare)[index] ?? v.never(), value)) ?? text
      );
    case "strict_object":
    case "object_with_rest":
    case "record":
      return parseJson(trimmed) ?? text;
    default:
      return text;
  }
}

const booleanWords: ReadonlyMap<string, boolean> = new Map([
  ["1", true],
  ["true", true],
  ["yes", true],
  ["on", true],
  ["0", false],
  ["false", false],
  ["no", false],
  ["off", false],
  ["", false],
]);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface Children {
  readonly entries: Readonly<Record<string, SettingSchema>>;
  /** Of any other name; undefined where there may be none. */
  readonly rest?: SettingSchema | undefined;
}

function childrenOf(schema: SettingSchema): Children | undefined {
  const bare = unwrap(schema);
  switch (bare.type) {
    case "strict_object":
      return { entries: entriesOf(bare) };
    case "object_with_rest":
      return { entries: entriesOf(bare), rest: schemaAt(bare, "rest") };
    case "record":
      return { entries: {}, rest: schemaAt(bare, "value") };
    default:
      return undefined;
  }
}

function entriesOf(schema: SettingSchema): Readonly<Record<string, SettingSchema>> {
  const entries = property(schema, "entries");
  const named = isRecord(entries) ? Object.entries(entries) : [];
  return Object.fromEntries(named.flatMap(([name, entry]) => (isSchema(entry) ? [[name, entry] as const] : [])));
}

function schemaAt(schema: SettingSchema, name: string): SettingSchema | undefined {
  const value = property(schema, name);
  return isSchema(value) ? value : undefined;
}

function unwrap(schema: SettingSchema): SettingSchema {
  const wrapped = property(schema, "wrapped");
  return schema.type === "optional" && isSchema(wrapped) ? unwrap(wrapped) : schema;
}

function itemOf(schema: SettingSchema): SettingSchema {
  const item = property(schema, "item");
  return isSchema(item) ? item : v.unknown();
}

function alternativesOf(schema: SettingSchema): readonly SettingSchema[] {
  const options = property(schema, "options");
  return Array.isArray(options) ? options.filter(isSchema) : [];
}

function optionsOf(schema: SettingSchema): readonly string[] {
  const options = property(schema, "options");
  return Array.isArray(options) ? options.filter((option) => typeof option === "string") : [];
}

function describeNumber(schema: SettingSchema): string {
  const kind = requirementOf(schema, "integer") === undefined ? "a number" : "a whole number";
  return `${kind} from ${String(requirementOf(schema, "min_value"))} to ${String(requirementOf(schema, "max_value"))}`;
}

function describeText(schema: SettingSchema): string {
  const minimum = requirementOf(schema, "min_length");
  return typeof minimum === "number"
    ? `a text of ${minimum} or more printable characters without spaces`
    : "a text that is not empty";
}

function requirementOf(schema: SettingSchema, type: string): unknown {
  const pipe = property(schema, "pipe");
  const actions: readonly unknown[] = Array.isArray(pipe) ? pipe : [];
  const action = actions.find((candidate) => isRecord(candidate) && candidate["type"] === type);
  return isRecord(action) ? action["requirement"] : undefined;
}

function property(value: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}

function isSchema(value: unknown): value is SettingSchema {
  return isRecord(value) && value["kind"] === "schema";
}
