import { expect, test } from "bun:test";

import { resolveRun } from "./resolve.ts";
import { callWith, finish, request, setUp, start } from "./testing/bench.ts";

const betas = { names: ["effort-2025-11-24", "some-beta"], fields: ["anthropic-beta=some-beta"] };

test("betas become a feature of the request, named back by what they lose", () => {
  const names = { aliases: new Map(), versions: new Map(), openaiNames: new Map(), passthrough: true };
  const resolved = resolveRun(request, callWith({ betas, effort: "max" }), {
    ...names,
    modes: ["chat"],
    defaultMode: "chat",
    defaultVerbosity: "text-only",
  });
  expect(resolved.request).toMatchObject({
    features: { betas: betas.names, effort: "max" },
    featureFields: { betas: betas.fields },
  });
});

// proves("request-ignored-params")
test("what only a request that is passed on could keep is named where it is read", async () => {
  const { gateway } = setUp(async function* () {
    yield [start, finish];
  });
  const asked = { ...request, features: {}, ignoredFields: [] };
  const { head } = await gateway.run(asked, callWith({ lostWhenRead: () => ["anthropic-version"] }));
  expect(head.ignored).toEqual(["anthropic-version"]);
});
