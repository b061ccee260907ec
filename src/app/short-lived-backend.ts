import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { ClaudeCliBackend, ClaudeCliOptions } from "#backends/claude-cli/index.ts";
import type { Config } from "#config/schema.ts";
import { type DemoUpstream, startDemoUpstream } from "#demo/demo-upstream.ts";
import type { ChildJournal } from "#process/child.ts";
import { openJournal } from "#process/journal.ts";

import { createBackend } from "./backend.ts";
import { cliEnvironment } from "./cli-environment.ts";
import { openPlaces, type Places } from "./places.ts";

export interface ShortLivedOptions {
  readonly config: Config;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** One of its own when undefined; a process has one. */
  readonly journal?: ChildJournal | undefined;
  readonly replacesMessages?: ClaudeCliOptions["replacesMessages"];
}

/** What was made for it, for others beside it. */
export interface ShortLivedParts {
  readonly places: Places;
  readonly demo: DemoUpstream | undefined;
  readonly journal: ChildJournal;
}

/**
 * Uses a backend without a server around it, for a command that asks a bare model one thing: nothing is kept warm, and the
 * CLI's temporary files are apart from those of a server that may be running.
 */
export async function withBackend<T>(
  { config, environment, journal: shared, replacesMessages }: ShortLivedOptions,
  use: (backend: ClaudeCliBackend, parts: ShortLivedParts) => Promise<T>,
): Promise<T> {
  await using opened = new AsyncDisposableStack();
  const places = openPlaces(config, environment);
  const temporary = opened.adopt(mkdtempSync(join(tmpdir(), "ccproxy-")), (path) =>
    rmSync(path, { recursive: true, force: true, maxRetries: 3 }),
  );
  const demo = config.demo ? opened.adopt(startDemoUpstream(), (upstream) => upstream.stop()) : undefined;
  const journal = shared ?? opened.adopt(openJournal(places.journal), (file) => file.close());
  const backend = createBackend({
    config: { ...config, pool: { ...config.pool, size: 0 } },
    workspace: undefined,
    places: { ...places, temporary },
    ...cliEnvironment(environment, demo, places),
    selfUrls: () => [],
    journal,
    replacesMessages,
    onNotice: () => undefined,
  });
  opened.defer(() => backend.stop(1000));
  await backend.start();
  return await use(backend, { places, demo, journal });
}
