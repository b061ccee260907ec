/**
 * Writes src/telemetry/prices/table.json, and the models' limits beside it, from the data that one release of
 * @earendil-works/pi-ai ships, which is kept up to date within a week or two: `bun scripts/update-prices.ts 1.5.2`. The
 * package itself is never installed: what it depends on is far more than a table. Docs: docs/decisions/0012-prices.md.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as v from "valibot";

import { root, run } from "./lib/run.ts";

const packageName = "@earendil-works/pi-ai";
/** The price lists of vendors, by their names there; `google` is what most call Gemini. */
const vendors = [
  "anthropic",
  "openai",
  "google",
  "deepseek",
  "mistral",
  "groq",
  "xai",
  "moonshotai",
  "zai",
  "openrouter",
];

const price = { input: v.number(), output: v.number(), cacheRead: v.number(), cacheWrite: v.number() };
const modelSchema = v.object({
  id: v.string(),
  contextWindow: v.optional(v.number()),
  maxTokens: v.optional(v.number()),
  cost: v.object({ ...price, tiers: v.optional(v.array(v.object({ inputTokensAbove: v.number(), ...price }))) }),
});
const listSchema = v.record(v.string(), v.record(v.string(), modelSchema));

async function main(version: string | undefined): Promise<number> {
  if (version === undefined) {
    console.error("Which version of the package? Usage: bun scripts/update-prices.ts 1.5.2");
    return 2;
  }
  const directory = mkdtempSync(join(tmpdir(), "ccproxy-prices-"));
  try {
    await runOrThrow(["npm", "pack", "--silent", `${packageName}@${version}`], directory);
    const [archive = ""] = await Array.fromAsync(new Bun.Glob("*.tgz").scan(directory));
    await runOrThrow(["tar", "xzf", archive], directory);
    const data = join(directory, "package/dist/providers/data");
    const lists = await Promise.all(
      vendors.map(async (vendor) => ({ vendor, list: await readList(join(data, `${vendor}.json`)) })),
    );
    const source = `${packageName} ${version}`;
    const prices = lists.map(({ vendor, list }) => ({ vendor, rows: pricesIn(list) }));
    await Bun.write(`${root}/src/telemetry/prices/table.json`, render(source, prices));
    // OpenRouter tells its own.
    const limits = lists.filter(({ vendor }) => vendor !== "openrouter");
    await Bun.write(
      `${root}/src/gateway/model-limits.json`,
      render(
        source,
        limits.map(({ vendor, list }) => ({ vendor, rows: limitsIn(list) })),
      ),
    );
    return 0;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

type Model = v.InferOutput<typeof modelSchema>;

/** A model has an entry for each API it is served by; some of those are no conversations, and are priced otherwise. */
async function readList(path: string): Promise<readonly Model[]> {
  const list = v.parse(listSchema, await Bun.file(path).json());
  const entries = Object.values(list).flatMap((byApi) => Object.entries(byApi));
  return entries.flatMap(([key, model]) => (key.startsWith("chat:") ? [model] : []));
}

type Rows = Readonly<Record<string, readonly unknown[]>>;

/** USD per million tokens: input, output, cache read, cache write; then, of each higher tier, where it begins and the same. */
function pricesIn(models: readonly Model[]): Rows {
  return Object.fromEntries(
    models.map(({ id, cost }) => [
      id,
      [figures(cost), ...(cost.tiers ?? []).map((tier) => [tier.inputTokensAbove, ...figures(tier)])],
    ]),
  );
}

/** Tokens of a request, and of an answer. */
function limitsIn(models: readonly Model[]): Rows {
  return Object.fromEntries(
    models.flatMap(({ id, contextWindow, maxTokens }) =>
      contextWindow === undefined || maxTokens === undefined ? [] : [[id, [contextWindow, maxTokens]]],
    ),
  );
}

function figures({ input, output, cacheRead, cacheWrite }: { [Key in keyof typeof price]: number }): number[] {
  return [input, output, cacheRead, cacheWrite];
}

interface VendorList {
  readonly vendor: string;
  readonly rows: Rows;
}

/** A line for each model, so that a change shows. */
function render(source: string, lists: readonly VendorList[]): string {
  const blocks = lists.map(({ vendor, rows: all }) => {
    const lines = Object.entries(all).map(([id, rows]) => `      ${JSON.stringify(id)}: ${JSON.stringify(rows)}`);
    return `    ${JSON.stringify(vendor)}: {\n${lines.join(",\n")}\n    }`;
  });
  return `{\n  "source": ${JSON.stringify(source)},\n  "vendors": {\n${blocks.join(",\n")}\n  }\n}\n`;
}

async function runOrThrow(command: readonly string[], cwd: string): Promise<void> {
  const { code, output } = await run(command, { cwd, timeoutMs: 120_000 });
  if (code !== 0) throw new Error(`${command.join(" ")}: ${output}`);
}

process.exit(await main(process.argv[2]));
