import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { openStateDirectory, stateDirectory } from "#config/paths.ts";
import type { Config } from "#config/schema.ts";

/** Where this instance keeps what is its own. All of it is readable by its owner alone. */
export interface Places {
  readonly database: string;
  /** Who our children are, for a later start to clean up after a crash. */
  readonly journal: string;
  /** The CLI's temporary files, so that what it leaves behind is found and removed. */
  readonly temporary: string;
  /** What was found out about versions of the CLI that nobody tested. */
  readonly findings: string;
  /** What providers told of their models. */
  readonly modelLists: string;
  /** Directories that agents get for one request each. */
  readonly ephemeral: string;
  /** An empty directory: where a bare model works. */
  readonly chat: string;
  /** Codex's of those, apart: each backend sweeps its own. */
  readonly codexEphemeral: string;
  /** What waits for a browser to come back from a sign-in. */
  readonly oauth: string;
  /** The CLI's configuration in the demo, so that neither login nor settings of the user take part. */
  readonly demoConfig: string;
}

/** Creates what is missing. Throws what the file system throws. */
export function openPlaces(config: Config, environment: Readonly<Record<string, string | undefined>>): Places {
  const state = stateDirectory(config, { environment });
  openStateDirectory(state);
  const subdirectory = (name: string) => {
    const path = join(state, name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  };
  return {
    database: join(state, "ccproxy.db"),
    journal: subdirectory("children"),
    temporary: subdirectory("tmp"),
    findings: join(state, "claude-versions.json"),
    modelLists: subdirectory("models"),
    ephemeral: subdirectory("ephemeral"),
    codexEphemeral: join(subdirectory("ephemeral"), "codex"),
    chat: subdirectory("chat"),
    oauth: subdirectory("oauth"),
    demoConfig: subdirectory("demo"),
  };
}
