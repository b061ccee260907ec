/**
 * From a fresh clone to an installed, built project: the pinned bun, the packages of bun.lock, the
 * binary. Plain JavaScript without packages, so that Node alone can begin (Node 20 and later) and
 * bun alone can too. What is up to date already is not done again.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));
const windows = process.platform === "win32";
const binary = join(root, "dist", windows ? "ccproxy.exe" : "ccproxy");

/** Numbered progress lines: `[2/4] …`, and the time below a step that took some. */
export function createProgress(total) {
  let number = 0;
  return async (title, work) => {
    number += 1;
    console.log(`[${number}/${total}] ${title}`);
    const startedAt = performance.now();
    const waiting = setInterval(() => console.log(`      still at it after ${seconds(startedAt)}`), 15_000);
    try {
      const result = await work();
      console.log(`      ${result.note} (${seconds(startedAt)})`);
      return result;
    } finally {
      clearInterval(waiting);
    }
  };
}

/** The path of a bun of exactly the pinned version: the running one, the one on PATH, or npm's. */
export async function findBun() {
  const wanted = manifest().packageManager.split("@")[1];
  if (process.versions.bun === wanted) return { path: process.execPath, note: `bun ${wanted}, running this` };
  const onPath = await run("bun", ["-e", "console.log(Bun.version, process.execPath)"]);
  const [version, path] = onPath.stdout.trim().split(/ (.*)/s);
  if (version === wanted) return { path, note: `bun ${wanted} at ${path}` };
  const fetched = await run("npx", ["-y", `bun@${wanted}`, "-e", "console.log(process.execPath)"]);
  if (fetched.code !== 0)
    throw new Error(`bun ${wanted} is needed and npx could not fetch it; install it and try again.\n${fetched.all}`);
  return { path: fetched.stdout.trim(), note: `bun ${wanted}, fetched by npm` };
}

/** Installs exactly what bun.lock says. */
export async function install(bun) {
  const stamp = join(root, "node_modules", ".installed");
  const wanted = hashOf(["bun.lock", "package.json"], `${process.platform}-${process.arch}`);
  if (readIfThere(stamp) === wanted) return { note: "up to date" };
  const { code, all } = await run(bun, ["install", "--frozen-lockfile"]);
  if (code !== 0) throw new Error(`bun install --frozen-lockfile failed:\n${all}`);
  writeFileSync(stamp, wanted);
  return { note: all.match(/\d+ packages installed/)?.[0] ?? "installed" };
}

/** Builds dist/ccproxy unless it was built from these very sources. */
export async function build(bun) {
  const stamp = join(root, "dist", ".built");
  const sources = filesBelow("src").concat("scripts/build.ts", "scripts/lib/targets.ts", "package.json", "bun.lock");
  const wanted = hashOf(sources, "");
  if (existsSync(binary) && readIfThere(stamp) === `${wanted} ${binaryStamp()}`) return { binary, note: "up to date" };
  const { code, all } = await run(bun, ["scripts/build.ts"]);
  if (code !== 0) throw new Error(`The build failed:\n${all}`);
  mkdirSync(join(root, "dist"), { recursive: true });
  writeFileSync(stamp, `${wanted} ${binaryStamp()}`);
  return { binary, note: all.trim().replaceAll(/ {2,}/g, " ") };
}

/** Runs to the end without a shell (Windows needs one for npx); never throws. */
export function run(command, args, env = process.env) {
  return new Promise((resolve) => {
    const output = { stdout: "", all: "" };
    const shell = windows && command === "npx";
    const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"], shell });
    child.stdout.setEncoding("utf8").on("data", (text) => {
      output.stdout += text;
      output.all += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => (output.all += text));
    child.on("error", (error) => resolve({ code: 127, stdout: "", all: error.message }));
    child.on("close", (code) => resolve({ code: code ?? 1, ...output }));
  });
}

/**
 * Runs in the foreground with this terminal and answers its exit code. On a terminal Ctrl-C reaches
 * the whole foreground group by itself; a signal sent to this process alone is passed on, once.
 */
export function runInForeground(command, args, env = process.env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: "inherit" });
    const passed = new Map();
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    const pass = (signal) => {
      const again = performance.now() - (passed.get(signal) ?? -Infinity) < 300;
      passed.set(signal, performance.now());
      if (!again && !(signal === "SIGINT" && process.stdin.isTTY)) child.kill(signal);
    };
    for (const signal of signals) process.on(signal, pass);
    const watching = watchRunner(() => pass("SIGTERM"));
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      clearInterval(watching);
      for (const name of signals) process.off(name, pass);
      resolve(code ?? (signal === "SIGINT" ? 130 : signal === "SIGTERM" ? 143 : 1));
    });
  });
}

/** `npm run` and `bun run` end their shell on a signal but not what the shell runs: an orphan ends itself. */
function watchRunner(ended) {
  const runner = process.ppid;
  if (process.env.npm_lifecycle_event === undefined) return undefined;
  return setInterval(() => {
    if (process.ppid !== runner) ended();
  }, 500);
}

/**
 * The environment as it was before `npm run` or `bun run` added to it. Their PATH begins with
 * node_modules/.bin, where a `claude` lies that is not the user's.
 */
export function userEnvironment() {
  const own = /[\\/]node_modules[\\/]\.bin$|node-gyp-bin$|[\\/]bun-node-[^\\/]*$/;
  const entries = Object.entries(process.env).filter(([name]) => !name.startsWith("npm_"));
  return Object.fromEntries(
    entries.map(([name, value]) => {
      if (name.toUpperCase() !== "PATH") return [name, value];
      return [
        name,
        value
          .split(delimiter)
          .filter((entry) => !own.test(entry))
          .join(delimiter),
      ];
    }),
  );
}

/** Ends the process with the answered code, or with the message of what went wrong and 1. */
export function exitWith(work) {
  work.then(
    (code) => process.exit(code),
    (error) => {
      console.error(`\n${error.message}`);
      process.exit(1);
    },
  );
}

function manifest() {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
}

function hashOf(files, more) {
  const hash = createHash("sha256").update(more);
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

function filesBelow(folder) {
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith(".test.ts"));
  return files.map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length)).toSorted();
}

function binaryStamp() {
  const { size, mtimeMs } = statSync(binary);
  return `${size} ${mtimeMs}`;
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
