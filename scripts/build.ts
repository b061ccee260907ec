/**
 * `bun run build`: dist/ccproxy for this machine. `--all` makes every target, SHA256SUMS and
 * openapi.json. `--target bun-linux-arm64 --out DIR` makes one target elsewhere.
 */
import { mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { parseArgs } from "node:util";

import { root, run } from "./lib/run.ts";
import { buildVersion, hostFile, type Target, targets } from "./lib/targets.ts";

const { values } = parseArgs({
  options: {
    all: { type: "boolean", default: false },
    target: { type: "string" },
    entry: { type: "string", default: `${root}/src/main.ts` },
    out: { type: "string", default: `${root}/dist` },
  },
});

/**
 * `--splitting` with `--bytecode` starts fastest; minified without renaming, a stack trace keeps its
 * names. The autoload flags keep a bunfig.toml or .env in the user's folder from running or being read.
 */
const flags = [
  "--minify-syntax",
  "--minify-whitespace",
  "--sourcemap",
  "--splitting",
  "--bytecode",
  "--format=esm",
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  "--define",
  'process.env.NODE_ENV="production"',
];
const host: Target = { bunTarget: "", file: hostFile };

async function main(): Promise<void> {
  const wanted = values.target === undefined ? [host] : targets.filter(({ bunTarget }) => bunTarget === values.target);
  if (wanted.length === 0) fail(`There is no target ${values.target}: ${targets.map((t) => t.bunTarget).join(", ")}`);
  if (values.all) wanted.push(...targets);
  await mkdir(values.out, { recursive: true });
  const version = await buildVersion();
  for (const [index, target] of wanted.entries()) {
    const { bytes, ms } = await buildOne(target, version);
    const count = wanted.length > 1 ? `${String(index + 1).padStart(2)}/${wanted.length} ` : "";
    console.log(`${count}${target.file.padEnd(28)} ${megabytes(bytes)}  ${(ms / 1000).toFixed(1)} s  ${version}`);
  }
  if (!values.all) return;
  await writeChecksums();
  await writeOpenapi();
}

async function buildOne({ bunTarget, file }: Target, version: string): Promise<{ bytes: number; ms: number }> {
  // Bun leaves *.map files beside the outfile although the map is embedded too.
  const scratch = await mkdtemp(`${values.out}/.build-`);
  try {
    const outfile = `${scratch}/${file}`;
    const where = bunTarget === "" ? [] : [`--target=${bunTarget}`];
    const stamp = ["--define", `BUILD_VERSION=${JSON.stringify(version)}`];
    const command = [process.execPath, "build", "--compile", values.entry, ...flags, ...where, ...stamp];
    const { code, output, ms } = await run([...command, "--outfile", outfile]);
    if (code !== 0) fail(`${file} does not build:\n${output}`);
    await rename(outfile, `${values.out}/${file}`);
    return { bytes: (await stat(`${values.out}/${file}`)).size, ms };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function writeChecksums(): Promise<void> {
  const lines: string[] = [];
  for (const { file } of targets) {
    const hash = new Bun.CryptoHasher("sha256");
    for await (const chunk of Bun.file(`${values.out}/${file}`).stream()) hash.update(chunk);
    lines.push(`${hash.digest("hex")}  ${file}\n`);
  }
  await Bun.write(`${values.out}/SHA256SUMS`, lines.join(""));
  console.log("SHA256SUMS");
}

async function writeOpenapi(): Promise<void> {
  const { code, output } = await run([`${values.out}/${hostFile}`, "openapi", "--out", `${values.out}/openapi.json`]);
  if (code !== 0) fail(`openapi.json could not be written:\n${output}`);
  console.log("openapi.json");
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1).padStart(6)} MB`;
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

await main();
