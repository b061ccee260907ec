import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { toGatewayError } from "#core/errors.ts";

import { type CredentialSource, credentialFrom } from "./sources.ts";

const deps = {
  environment: { KEY: " sk-1 \n", EMPTY: "" },
  run: ([program]: readonly string[]) =>
    program === "vault" ? Promise.resolve("sk-3\n") : Promise.reject(new Error("exit code 1: no such secret")),
};

test("is where its owner keeps it, without the white space around it", async () => {
  const directory = mkdtempSync(join(tmpdir(), "ccproxy-"));
  const file = join(directory, "key");
  writeFileSync(file, "sk-2\n");
  expect(await credentialFrom({ env: "KEY" }, deps).get()).toBe("sk-1");
  expect(await credentialFrom({ file }, deps).get()).toBe("sk-2");
  expect(await credentialFrom({ command: ["vault", "read"] }, deps).get()).toBe("sk-3");
  rmSync(directory, { recursive: true });
});

test.each<[CredentialSource, string]>([
  [{ env: "NONE" }, "NONE is not set"],
  [{ env: "EMPTY" }, "EMPTY is not set"],
  [{ file: "/nonexistent/key" }, "/nonexistent/key is not there"],
  [{ file: "/" }, "file / cannot be read"],
  [{ command: ["pass"] }, "pass failed"],
])("%o that has none says where it was looked for", async (source, words) => {
  const failure = credentialFrom(source, deps).get();
  expect(failure).rejects.toMatchObject({ kind: "authentication", message: expect.stringContaining(words) });
});

test("a key is to be given to the command only where that would take it", async () => {
  const told = (login?: string) =>
    credentialFrom({ env: "NONE" }, { ...deps, login })
      .get()
      .catch((thrown: unknown) => toGatewayError(thrown).explanation);
  expect(await told("ccproxy auth login openai")).toContain("or give the key to `ccproxy auth login openai`.");
  expect(await told()).toContain("or name another place in the configuration.");
});

test("that there is none is seen at once where that costs nothing", () => {
  const isMissing = (source: CredentialSource) => credentialFrom(source, deps).isMissing?.();
  expect([isMissing({ env: "KEY" }), isMissing({ env: "NONE" }), isMissing({ env: "EMPTY" })]).toEqual([
    false,
    true,
    true,
  ]);
  expect(isMissing({ file: "/nonexistent/key" })).toBe(true);
  expect(isMissing({ command: ["pass"] })).toBeUndefined();
});

test("never shows what it is", async () => {
  const broken = credentialFrom({ env: "KEY" }, { ...deps, environment: { KEY: "sk-1\nX-Evil: 1" } });
  const error = await broken.get().catch((thrown: unknown) => thrown);
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("sk-1");
  expect(credentialFrom({ command: ["vault", "--token=abc"] }, deps).label).toBe("vault …");
});
