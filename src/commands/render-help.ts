import type { Command } from "./command.ts";
import type { Flag } from "./flag.ts";
import type { Resolved } from "./resolve-command.ts";
import type { Terminal } from "./terminal.ts";

type Row = readonly [string, string];

/** Help of one command: usage, subcommands or flags by group, examples. */
export async function renderHelp(
  { command, title }: Resolved,
  terminal: Pick<Terminal, "style" | "columns">,
): Promise<string> {
  const { bold, cyan } = terminal.style;
  const sections: (readonly [string, readonly Row[]])[] = [
    ...(await subcommandSection(command)),
    ...flagSections(command),
  ];
  const width = Math.max(...sections.flatMap(([, rows]) => rows.map(([left]) => left.length)));
  const renderRow = ([left, right]: Row) =>
    `  ${cyan(left)}${" ".repeat(width - left.length)}  ${wrap(right, terminal.columns - width - 4, width + 4)}`;
  const blocks = sections.map(([heading, rows]) => `${bold(heading)}\n${rows.map(renderRow).join("\n")}`);
  const examples = command.examples.map((example) => `  ${example}`).join("\n");
  return [
    command.meta.description,
    `${bold("Usage")}\n  ${usageOf(command, title)}`,
    ...blocks,
    ...(examples === "" ? [] : [`${bold("Examples")}\n${examples}`]),
    ...(command.subCommands === undefined ? [] : [`${title} <command> --help says more about one command.`]),
  ].join("\n\n");
}

function usageOf({ args, subCommands, default: meant }: Command, title: string): string {
  if (subCommands !== undefined) return `${title} ${meant === undefined ? "<command>" : "[command]"} [flags]`;
  const positionals = Object.entries(args).flatMap(([name, flag]) => {
    if (flag.type !== "positional") return [];
    const word = flag.options?.join("|") ?? name;
    return [flag.required === true || flag.completes === "provider" ? `<${word}>` : `[${word}]`];
  });
  return [title, ...positionals, "[flags]"].join(" ");
}

async function subcommandSection({ subCommands, default: meant }: Command) {
  if (subCommands === undefined) return [];
  const rows = await Promise.all(
    Object.entries(subCommands).map(async ([name, load]): Promise<Row> => {
      const { meta } = await load();
      return [name, name === meant ? `${meta.description} The default.` : meta.description];
    }),
  );
  return [["Commands", rows] as const];
}

function flagSections({ args }: Command): readonly (readonly [string, readonly Row[]])[] {
  const groups = new Map<string, Row[]>();
  for (const [name, flag] of Object.entries(args)) {
    const group = flag.type === "positional" ? "Arguments" : (flag.group ?? "Flags");
    groups.set(group, [...(groups.get(group) ?? []), [spellingOf(name, flag), descriptionOf(flag)]]);
  }
  // Flags without a heading, `--help` among them, come last.
  return [...groups].toSorted(([a], [b]) => Number(a === "Flags") - Number(b === "Flags"));
}

function spellingOf(name: string, flag: Flag): string {
  if (flag.type === "positional") return name;
  const short = flag.alias === undefined ? "    " : `-${flag.alias}, `;
  const value = flag.type === "boolean" ? "" : ` <${flag.valueHint ?? flag.options?.join("|") ?? "value"}>`;
  return `${short}--${name}${value}`;
}

/** Choices stand in the flag's place, unless a word for them keeps that column narrow. */
function descriptionOf({ description, options, valueHint }: Flag): string {
  return options === undefined || valueHint === undefined
    ? description
    : `${description} One of ${options.join(", ")}.`;
}

function wrap(text: string, width: number, indent: number): string {
  if (width < 24) return text;
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${" ".repeat(indent)}`);
}
