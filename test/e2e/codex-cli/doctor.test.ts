/** `doctor`, and `models`, of a Codex that answers, of one without a login, and of none. */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as v from "valibot";

import type { Check } from "#app/check.ts";
import { checkCodex } from "#app/codex-doctor.ts";
import { listModels } from "#app/models.ts";
import { configSchema } from "#config/schema.ts";

import { childrenOf } from "../support/children.ts";
import { codexProgram, providerConfig } from "./support.ts";

setDefaultTimeout(30_000);

describe.skipIf(codexProgram === undefined)("doctor", () => {
  const home = mkdtempSync(join(tmpdir(), "ccproxy-doctor-"));
  afterAll(() => rm(home, { recursive: true, force: true, maxRetries: 5 }));

  async function look(settings: string, more: object = {}): Promise<readonly Check[]> {
    writeFileSync(join(home, "config.toml"), settings);
    const codex = { enabled: true, path: codexProgram, ...more };
    const config = v.parse(configSchema, { codex, state_dir: join(home, "state") });
    const environment = { PATH: process.env["PATH"], HOME: home, CODEX_HOME: home, OPENAI_API_KEY: "sk-do-not-show" };
    const checks: Check[] = [];
    for await (const check of checkCodex({ config, environment })) checks.push(check);
    expect(childrenOf(`CODEX_HOME=${home}`, process.pid)).toEqual([]);
    expect(JSON.stringify(checks)).not.toContain("do-not-show");
    return checks;
  }

  // proves("command-doctor")
  test("says where Codex is, that its version is tested, and whose its login is", async () => {
    const checks = await look(providerConfig("http://127.0.0.1:9"));
    expect(checks.map(({ name, status }) => `${name} ${status}`)).toEqual(["codex pass", "codex pass", "codex pass"]);
    expect(checks[0]?.detail).toContain(codexProgram ?? "");
    expect(checks[1]?.detail).toBe("0.169.0");
    expect(checks[2]?.detail).toContain("no login");
    const key = { auth_mode: "apikey", OPENAI_API_KEY: "sk-do-not-show" };
    writeFileSync(join(home, "auth.json"), JSON.stringify(key), { mode: 0o600 });
    const [, , login] = await look('model_provider = "openai"\n');
    expect(login?.detail).toContain("logged in (apiKey)");
    await rm(join(home, "auth.json"));
  });

  test("says what to do where nobody is logged in, and where there is no Codex", async () => {
    expect(await look('model_provider = "openai"\n')).toMatchObject([
      { status: "fail", action: expect.stringContaining("codex login") },
    ]);
    const keyed = `${providerConfig("http://127.0.0.1:9")}\nenv_key = "ACME_KEY"\n`;
    expect(await look(keyed)).toMatchObject([
      { status: "fail", action: "Add ACME_KEY to codex.pass_env, and set it where ccproxy runs." },
    ]);
    expect(await look("", { path: join(home, "nothing") })).toMatchObject([
      { status: "fail", action: expect.stringContaining("codex.path") },
    ]);
  });

  // proves("api-models")
  test("`models` asks Codex beside the others, and names it where it cannot say", async () => {
    writeFileSync(join(home, "config.toml"), providerConfig("http://127.0.0.1:9"));
    const environment = { PATH: process.env["PATH"], HOME: home, CODEX_HOME: home };
    const list = async (path: string | undefined) => {
      const providers = {
        local: { base_url: "http://127.0.0.1:9/v1", models: ["own"], allow_private: true, max_retries: 0 },
      };
      const claude = { path: join(home, "no-claude") };
      const settings = { codex: { enabled: true, path }, claude, providers, state_dir: join(home, "state") };
      const listed = await listModels({ config: v.parse(configSchema, settings), environment }, 20_000);
      expect(listed.models).toContainEqual(expect.objectContaining({ id: "local/own" }));
      return { ids: listed.models.map(({ id }) => id), silent: listed.silent.map(({ backend }) => backend) };
    };
    const { ids, silent } = await list(codexProgram);
    expect(ids).toContain("codex-cli/gpt-5.5");
    expect(silent).toEqual(["claude-cli"]);
    expect((await list(join(home, "nothing"))).silent.toSorted()).toEqual(["claude-cli", "codex-cli"]);
    expect(childrenOf(`CODEX_HOME=${home}`, process.pid)).toEqual([]);
  });
});
