import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Path of a program that a user installed; undefined when it is in none of the usual places. PATH first, then where its
 * own installer puts it (`ofHome`, below the home directory), then where all others do.
 */
export function findProgram(
  name: string,
  environment: Environment,
  ofHome: readonly string[] = [],
): string | undefined {
  const path = environment["PATH"] ?? environment["Path"] ?? "";
  const inPath = path.split(delimiter).filter((directory) => directory !== "");
  const file = process.platform === "win32" ? `${name}.exe` : name;
  return [...inPath, ...usualPlaces(environment, ofHome)]
    .map((directory) => join(directory, file))
    .find((candidate) => existsSync(candidate));
}

const ofEveryHome = [".local/bin", ".bun/bin", ".npm-global/bin", ".volta/bin", "bin"];

function usualPlaces(environment: Environment, ofHome: readonly string[]): readonly string[] {
  const home = environment["HOME"] ?? environment["USERPROFILE"];
  const prefix = environment["npm_config_prefix"] ?? environment["NPM_CONFIG_PREFIX"];
  return [
    ...(home === undefined ? [] : [...ofHome, ...ofEveryHome].map((place) => join(home, place))),
    ...(prefix === undefined ? [] : [join(prefix, "bin")]),
    "/opt/homebrew/bin",
    "/usr/local/bin",
    "/usr/bin",
    "/home/linuxbrew/.linuxbrew/bin",
  ];
}
