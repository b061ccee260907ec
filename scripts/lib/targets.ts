/** The systems a binary is built for. */
import { root, run } from "./run.ts";

export interface Target {
  /** What `bun build --target` calls it. */
  readonly bunTarget: string;
  /** File name in dist/. */
  readonly file: string;
}

const systems = ["linux-x64", "linux-arm64", "linux-x64-musl", "linux-arm64-musl"]
  .concat(["darwin-x64", "darwin-arm64"])
  .concat(["windows-x64", "windows-arm64"]);

export const targets: readonly Target[] = systems.map((system) => ({
  bunTarget: `bun-${system}`,
  file: `ccproxy-${system}${exeSuffix(system)}`,
}));

/** The binary for this machine; bun finds the right target by itself. */
export const hostFile = `ccproxy${exeSuffix(process.platform)}`;

function exeSuffix(system: string): string {
  return system.startsWith("win") ? ".exe" : "";
}

/** `0.1.0+41f0499`: the package's version and, in a git checkout, the commit. */
export async function buildVersion(): Promise<string> {
  const manifest: unknown = await Bun.file(`${root}/package.json`).json();
  const version =
    typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "0.0.0";
  const git = await run(["git", "rev-parse", "--short=7", "HEAD"]);
  return git.code === 0 ? `${version}+${git.output.trim()}` : version;
}
