import type { Verbosity } from "#core/verbosity.ts";

import { formatted } from "./formatted.ts";
import { forward } from "./forward.ts";
import { narrated } from "./narrated.ts";
import { verbose } from "./verbose.ts";
import { type AgentView, createQuietView, createTellingView } from "./view.ts";

export interface ViewOptions {
  readonly verbosity: Verbosity;
  /** The client offered tools of its own. */
  readonly clientHasTools: boolean;
  readonly sessionId: () => string | undefined;
}

export function createAgentView({ verbosity, clientHasTools, sessionId }: ViewOptions): AgentView {
  switch (verbosity) {
    case "text-only":
    case "ignore":
      return createQuietView();
    case "forward":
      return createTellingView(forward(clientHasTools), sessionId);
    case "formatted":
      return createTellingView(formatted, sessionId);
    case "verbose":
      return createTellingView(verbose, sessionId);
    case "narrated":
      return createTellingView(narrated, sessionId);
  }
}
