/** Every client format on Claude Code as a bare model, by the table. */
import { setDefaultTimeout } from "bun:test";

import { testPairs } from "./test-pairs.ts";

setDefaultTimeout(30_000);

// proves("upstream-transform", "request-ignored-params", "log-access")
testPairs("claude-cli");
