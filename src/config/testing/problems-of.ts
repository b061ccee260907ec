import { ConfigError } from "#config/config-error.ts";
import { loadConfig } from "#config/load.ts";

/** What is wrong with this text as the file `ccproxy.toml` of a folder that is anybody's home. */
export async function problemsOf(folder: string, text: string): Promise<readonly string[]> {
  const configFile = `${folder}/ccproxy.toml`;
  await Bun.write(configFile, text);
  const error = await loadConfig({ cwd: folder, environment: { HOME: folder }, configFile }).catch(
    (thrown: unknown) => thrown,
  );
  return error instanceof ConfigError ? error.problems : [];
}
