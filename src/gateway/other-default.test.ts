import { expect, test } from "bun:test";

import { GatewayError } from "#core/errors.ts";

import { withOtherDefault } from "./other-default.ts";
import { idleBackend } from "./testing/idle-backend.ts";

const backend = (id: string, ready: boolean) => ({ ...idleBackend(id), status: () => ({ ready, detail: "" }) });

const claude = backend("claude-cli", false);
const openai = backend("openai", true);
const keyless = backend("keyless", false);
const missing = new GatewayError("unavailable", "No claude.", { hint: "Install it." });

test("where the default cannot be started, the setting that names another is told, with who could answer", () => {
  const told = withOtherDefault(missing, claude, [claude, keyless, openai]);
  expect(told.explanation).toBe(
    "No claude. Install it. Or set `routing.default` to what answers here instead: openai.",
  );
  expect(told.kind).toBe("unavailable");
});

test.each([
  ["nobody else could answer", missing, claude, [claude, keyless]],
  ["another backend failed", missing, openai, [claude, openai]],
  ["it is ready, and failed for once", missing, openai, [openai, claude]],
  ["it is something else", new GatewayError("overloaded", "No."), claude, [claude, openai]],
] as const)("an error stays as it is where %s", (_why, error, failed, backends) => {
  expect(withOtherDefault(error, failed, backends)).toBe(error);
});
