/** A `claude` that nobody has tested: the real one under another number, which behaves as it does but for one thing. */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { installedClaudes, newestClaude } from "../../scripts/lib/claude-binaries.ts";
import { testedVersions } from "../../src/backends/claude-cli/tested-versions.ts";
import { startDemoUpstream } from "../../src/demo/demo-upstream.ts";
import { type Change, changeClaude } from "../fakes/changed-claude.ts";
import { binary, type Proxy, startProxy } from "./support/proxy.ts";

setDefaultTimeout(90_000);

const scratch = mkdtempSync(join(tmpdir(), "ccproxy-untested-"));
afterAll(() => rm(scratch, { recursive: true, force: true, maxRetries: 5 }));

type Row = readonly [status: "pass" | "warn" | "fail", detail: string];

/** What `doctor` says of the CLI's behaviour, and what the user's own upstream got to see of it. */
async function diagnose(claude: string) {
  const vendor = startDemoUpstream();
  const home = mkdtempSync(join(scratch, "home-"));
  const child = Bun.spawn([binary, "doctor", "--json", "--skip-live", "--port", "0", "--claude-path", claude], {
    cwd: home,
    env: { HOME: home, PATH: "/usr/bin:/bin", ANTHROPIC_API_KEY: "sk-ant-own", ANTHROPIC_BASE_URL: vendor.url },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const [out, code] = await Promise.all([new Response(child.stdout).text(), child.exited]);
  const sent = vendor.requests().length;
  await vendor.stop();
  const { checks } = JSON.parse(out) as Report; // As its documentation says; a test of it is elsewhere.
  const rowsOf = (name: string) => checks.filter((check) => check.name === name);
  return { code, sent, version: rowsOf("version"), behaviour: rowsOf("behaviour") };
}

interface Report {
  readonly checks: readonly {
    readonly name: string;
    readonly status: string;
    readonly detail: string;
    readonly action?: string;
  }[];
}

describe('doctor on an untested version; proves("cli-untested-versions")', () => {
  test.each(installedClaudes())("finds no difference in $version under another number", async (real) => {
    const { code, sent, version, behaviour } = await diagnose(changeClaude(real, "nothing", scratch));
    expect(version).toEqual([expect.objectContaining({ status: "pass", detail: expect.stringContaining("9.9.9") })]);
    expect(behaviour).toEqual([{ name: "behaviour", status: "pass", detail: `as that of ${testedVersions[0]}` }]);
    expect({ code, sent }).toEqual({ code: 0, sent: 0 });
  });

  // What does not show in the same place is tried at once: each program is started for half a dozen questions.
  const differences: readonly (readonly [readonly Change[], readonly Row[]])[] = [
    [
      ["refuses"],
      [
        [
          "fail",
          "it does not answer (Claude Code ended unexpectedly (with code 1). It said: error: unknown option '--input-format'.)",
        ],
      ],
    ],
    [["keeps-its-messages"], [["warn", "does not let chat mode replace the messages"]]],
    [
      ["drops-temperature", "forgets-system-prompts", "forgets-tools", "says-more"],
      [
        ["fail", "the client's system prompt (chat mode)"],
        ["warn", "does not pass on to the model: temperature (chat mode)"],
        ["fail", "the client's system prompt (agent mode)"],
        ["warn", "does not pass on to the model: temperature, tools (agent mode)"],
        ["warn", "lines this ccproxy does not know: system/mood ("],
      ],
    ],
    [["forgets-answers"], [["fail", "changes the conversation it is told as history"]]],
    [
      ["runs-commands"],
      [
        ["fail", "runs text that begins with / as a command"],
        ["warn", "lines this ccproxy does not know: conversation_reset (1)"],
      ],
    ],
    [
      ["reads-mentions", "ignores-interrupts"],
      [
        ["fail", "reads a file that a text names with @"],
        ["warn", "does not stop when it is interrupted"],
      ],
    ],
  ];

  test.each(differences)("names what differs, and what to do, in one that %p", async (change, rows) => {
    const { code, sent, behaviour } = await diagnose(changeClaude(newestClaude(), change, scratch));
    expect(behaviour).toEqual(
      rows.map(([status, detail]) => ({
        name: "behaviour",
        status,
        detail: expect.stringContaining(detail),
        action: expect.stringMatching(/\S/),
      })),
    );
    expect({ code, sent }).toEqual({ code: rows.some(([status]) => status === "fail") ? 1 : 0, sent: 0 });
  });

  test("tries nothing with a tested version", async () => {
    const { version, behaviour } = await diagnose(newestClaude().path);
    expect(version).toEqual([{ name: "version", status: "pass", detail: testedVersions[0] }]);
    expect(behaviour).toEqual([]);
  });
});

describe('chat mode on an untested version; proves("cli-untested-versions")', () => {
  const messages = [
    { role: "user", content: [{ type: "text", text: "first" }] },
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "a thought", signature: btoa("signed") },
        { type: "text", text: "second" },
      ],
    },
    { role: "user", content: [{ type: "text", text: "third [[demo say well]]" }] },
  ];

  /** Answers, and gives what the model was asked. */
  async function chat({ url, upstream }: Proxy): Promise<string> {
    const response = await fetch(`${url}/v1/messages`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-ccproxy-mode": "chat" },
      body: JSON.stringify({ model: "sonnet", max_tokens: 99, messages }),
    });
    expect(await response.json()).toMatchObject({ content: [{ type: "text", text: "well" }] });
    return JSON.stringify(upstream.requests().map(({ body }) => body));
  }

  test.each([
    ["nothing", true],
    ["keeps-its-messages", false],
  ] as const)("one that changes %s: messages are replaced: %p", async (change, replaced) => {
    const claude = changeClaude(newestClaude(), change, scratch);
    const proxy = await startProxy({ claude, args: ["--pool-size", "0"] });
    try {
      const asked = await chat(proxy);
      expect(asked).toContain("second");
      expect(asked.includes("a thought")).toBe(replaced);
      expect(asked.includes("CONVERSATION LOST")).toBe(false);
      const findings: object = JSON.parse(readFileSync(join(proxy.stateDirectory, "claude-versions.json"), "utf8"));
      expect(Object.entries(findings)).toEqual([[expect.stringMatching(/^claude 9\.9\.9, /), replaced]]);
    } finally {
      await proxy.stop();
    }
  });
});
