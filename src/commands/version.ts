import { readFileSync } from "node:fs";

/** Set by the build; run from source there is none. */
declare const BUILD_VERSION: string | undefined;

/** `0.1.0+41f0499` in a binary, the package's own version with `-dev` from source. */
export function versionOfThis(): string {
  if (typeof BUILD_VERSION === "string") return BUILD_VERSION;
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const version =
    typeof manifest === "object" && manifest !== null && "version" in manifest ? manifest.version : "0.0.0";
  return `${String(version)}-dev`;
}
