import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/** Path of the CLI; undefined when it is in none of the usual places. PATH first, then where installers put it. */
export function findClaude(environment: Environment): string | undefined {
  const path = environment["PATH"] ?? environment["Path"] ?? "";
  const inPath = path.split(delimiter).flatMap((directory) => (directory === "" ? [] : candidates(directory)));
  return [...inPath, ...usualPlaces(environment).flatMap(candidates)].find((file) => existsSync(file));
}

function candidates(directory: string): readonly string[] {
  return process.platform === "win32" ? [join(directory, "claude.exe")] : [join(directory, "claude")];
}

function usualPlaces(environment: Environment): readonly string[] {
  const home = environment["HOME"] ?? environment["USERPROFILE"];
  const ofHome =
    home === undefined
      ? []
      : [
          join(home, ".claude", "local"),
          join(home, ".claude", "local", "node_modules", ".bin"),
          join(home, ".local", "bin"),
          join(home, ".bun", "bin"),
          join(home, ".npm-global", "bin"),
          join(home, ".volta", "bin"),
          join(home, "bin"),
        ];
  const prefix = environment["npm_config_prefix"] ?? environment["NPM_CONFIG_PREFIX"];
  return [
    ...ofHome,
    ...(prefix === undefined ? [] : [join(prefix, "bin")]),
    "/opt/homebrew/bin",
    "/usr/local/bin",
    "/usr/bin",
    "/home/linuxbrew/.linuxbrew/bin",
  ];
}
