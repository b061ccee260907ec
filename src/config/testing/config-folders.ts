import { afterAll, beforeEach } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { ConfigError } from "#config/config-error.ts";
import { loadConfig, type LoadedConfig, type LoadOptions } from "#config/load.ts";

function write(file: string, text: string): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** A project and a user's own folder for the tests of one file, empty before each of them. */
export function configFolders() {
  const scratch = mkdtempSync(join(tmpdir(), "ccproxy-config-"));
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));
  const project = join(scratch, "project");
  const userFolder = join(scratch, "xdg", "ccproxy");
  beforeEach(() => {
    rmSync(project, { recursive: true, force: true });
    rmSync(userFolder, { recursive: true, force: true });
    mkdirSync(project);
  });

  function load(options: Partial<LoadOptions> = {}): Promise<LoadedConfig> {
    const environment = { HOME: scratch, XDG_CONFIG_HOME: join(scratch, "xdg"), ...options.environment };
    return loadConfig({ cwd: project, ...options, environment });
  }

  async function problems(options: Partial<LoadOptions> = {}): Promise<readonly string[]> {
    const error = await load(options).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error instanceof ConfigError) return error.problems;
    throw error ?? new Error("the configuration was accepted");
  }

  return {
    scratch,
    project,
    userFolder,
    write,
    inProject: (name: string, text: string) => write(join(project, name), text),
    inUser: (name: string, text: string) => write(join(userFolder, name), text),
    load,
    problems,
  };
}
