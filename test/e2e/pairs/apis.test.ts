import { setDefaultTimeout } from "bun:test";

import { testPairs } from "./test-pairs.ts";

setDefaultTimeout(30_000);
testPairs("apis");
