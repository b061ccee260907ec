/** Every client format on every API, by the table. */
import { setDefaultTimeout } from "bun:test";

import { testPairs } from "./test-pairs.ts";

setDefaultTimeout(30_000);

// proves("upstream-transform", "request-ignored-params", "tool-client", "structured-output", "log-access")
testPairs("apis");
