/** Every client format on Codex as a bare model, by the table. */
import { setDefaultTimeout } from "bun:test";

import { testPairs } from "./test-pairs.ts";

setDefaultTimeout(30_000);

// proves("upstream-codex", "upstream-transform", "request-ignored-params", "tool-client", "structured-output", "log-access")
testPairs("codex-cli");
