import type { BooleanArgDef, EnumArgDef, PositionalArgDef, StringArgDef } from "citty";

/** citty's argument definitions, with what checking, help and completion need besides. */
export type Flag = (BooleanArgDef | StringArgDef | EnumArgDef | PositionalArgDef) & FlagExtras;
export type Flags = Record<string, Flag>;

interface FlagExtras {
  readonly description: string;
  readonly alias?: string;
  /** Heading in the help. */
  readonly group?: string;
  /** The setting it stands for; its value is checked, and its text read, by the configuration's schema. */
  readonly key?: string;
  /** May be given several times; each value may itself be a list. */
  readonly repeatable?: true;
  /** Whole number from the first to the second. */
  readonly range?: readonly [number, number];
  readonly completes?: "file" | "directory" | "provider";
  /** Words a positional may be. */
  readonly options?: string[];
  readonly default?: never;
}

/** Flags every command has. */
export const commonFlags = {
  help: { type: "boolean", alias: "h", description: "Show this help." },
} satisfies Flags;

/** Flags of every command that reads the configuration. */
export const configFlags = {
  config: {
    type: "string",
    alias: "c",
    group: "Configuration",
    description: "Read this file, and no other, as the configuration.",
    valueHint: "file",
    completes: "file",
  },
  "env-file": {
    type: "string",
    group: "Configuration",
    description: "Read variables from this file; those of the environment win.",
    valueHint: "file",
    completes: "file",
  },
} satisfies Flags;
