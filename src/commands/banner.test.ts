import { expect, test } from "bun:test";

import { renderStart, renderWho } from "./banner.ts";
import { createStyle } from "./terminal.ts";

const plain = createStyle(false);
const url = "http://127.0.0.1:8000";
const base = {
  url,
  workspace: "/w",
  claude: { path: "/bin/claude", problem: undefined },
  codex: undefined,
  demo: false,
  login: undefined,
  mode: "agent",
  hasToken: false,
  hasApprovals: false,
  providers: [],
  keyless: [],
  answersFirst: "claude-cli",
} as const;

const claudeLine = (text: string) => /^ {2}claude +(.*)$/m.exec(text)?.[1];

test("the first line has the URL", () => {
  expect(renderStart({ url, version: "1.2.3" }, plain)).toBe(`ccproxy 1.2.3 listens on ${url}`);
});

test("one plain line says who answers", () => {
  const line = (change: Partial<Parameters<typeof renderWho>[0]>) =>
    claudeLine(renderWho({ ...base, ...change }, plain));
  expect(line({ login: { loggedIn: true, detail: "logged in as a@b.c (max)" } })).toBe(
    "/bin/claude, logged in as a@b.c (max)",
  );
  expect(line({ login: { loggedIn: false, detail: "" } })).toContain("not logged in; run `claude` and /login");
  expect(line({ demo: true })).toContain("built-in demo upstream: no login, no cost, no real model");
  expect(line({ claude: { path: "/nope", problem: "Install it." } })).toBe("Install it.");
});

test("where nothing can answer, the next step is the doctor instead of a request", () => {
  const banner = renderWho({ ...base, claude: { path: "/nope", problem: "Install it." } }, plain);
  expect(banner).toContain("ccproxy doctor");
  expect(banner).not.toContain("curl");
});

test("the curl to paste carries a placeholder for the token only when one is needed", () => {
  expect(renderWho(base, plain)).toContain(`curl -N ${url}/v1/chat/completions -H 'content-type`);
  expect(renderWho({ ...base, hasToken: true }, plain)).toContain("-H 'authorization: Bearer YOUR_TOKEN'");
});

test("with approvals it says where to decide on them", () => {
  expect(renderWho(base, plain)).not.toContain("approvals");
  const banner = renderWho({ ...base, hasApprovals: true }, plain);
  expect(banner).toContain(`approvals ${url}/permissions/ui, or \`ccproxy permission-handler --url ${url}\``);
});

test("providers are named, and what answers first where that is one of them", () => {
  expect(renderWho(base, plain)).not.toContain("providers");
  const beside = renderWho({ ...base, providers: ["openai", "local"] }, plain);
  expect(beside).toContain("  providers openai, local (`ccproxy auth status`)");
  const demo = renderWho({ ...base, demo: true, providers: ["openai"] }, plain);
  expect(demo).toContain("openai, no demo: they are asked, and take their price");
  const idle = renderWho({ ...base, demo: true, providers: ["openai"], keyless: ["openai"] }, plain);
  expect(idle).toContain("  providers openai (no key) (`ccproxy auth status`)");
  const claude = { path: undefined, problem: "Install it." };
  const instead = renderWho({ ...base, claude, providers: ["openai"], answersFirst: "openai" }, plain);
  expect(instead).toContain("openai; openai answers what names nobody");
  expect(instead).toContain("curl");
});

// proves("command-serve")
test("without a claude it works nowhere; providers without a key are told, and how to ask one that has it", () => {
  const claude = { path: undefined, problem: "Install it." };
  const who = { ...base, claude, providers: ["openai", "deepseek"], keyless: ["openai"] };
  const banner = renderWho(who, plain);
  expect(banner).not.toContain("works");
  expect(banner).toContain("openai (no key), deepseek; ask for deepseek/MODEL, or set routing.default");
  expect(banner).toContain("ccproxy doctor");
  expect(renderWho({ ...who, answersFirst: "deepseek" }, plain)).toContain("curl");
  expect(renderWho({ ...who, answersFirst: "openai" }, plain)).not.toContain("curl");
});

test("a Codex that answers too is named, and what to do where it is not there", () => {
  const codex = { path: "/bin/codex", problem: undefined };
  expect(renderWho(base, plain)).not.toContain("codex");
  expect(renderWho({ ...base, codex }, plain)).toMatch(/^ {2}codex +\/bin\/codex$/m);
  const claude = { path: undefined, problem: "Install it." };
  expect(renderWho({ ...base, claude, codex }, plain)).toContain("/bin/codex; ask for codex-cli/MODEL, or set");
  const first = { ...base, claude, codex, answersFirst: "codex-cli" };
  expect(renderWho(first, plain)).toContain("/bin/codex; it answers what names nobody");
  expect(renderWho(first, plain)).toContain("curl");
  const missing = renderWho({ ...first, codex: { path: undefined, problem: "Not there; install it." } }, plain);
  expect(missing).toMatch(/^ {2}codex +Not there; install it\.$/m);
  expect(missing).not.toContain("curl");
});
