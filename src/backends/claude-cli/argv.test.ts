import { describe, expect, test } from "bun:test";

import { spawnArguments } from "./argv.ts";

const options = {
  allowedTools: ["Read", "Bash(git log:*)"],
  disallowedTools: ["WebFetch"],
  permissionMode: "default",
};
const workspace = {
  directory: undefined,
  addDirs: ["/more"],
  mcpConfig: ['{"mcpServers":{}}'],
  settingSources: ["user", "project"],
};

describe("the arguments", () => {
  test("of an agent carry what is configured, each value beside its own flag", () => {
    expect(spawnArguments({ site: workspace }, { ...options, maxTurns: 5, model: "opus" }).slice(9)).toEqual([
      "--model=opus",
      "--setting-sources=user,project",
      "--permission-mode=default",
      "--allowed-tools=mcp__ccproxy_client_tools",
      "--allowed-tools=Read",
      "--allowed-tools=Bash(git log:*)",
      "--disallowed-tools=WebFetch",
      "--add-dir=/more",
      '--mcp-config={"mcpServers":{}}',
      "--max-turns=5",
    ]);
  });

  test("of an agent that may ask leave out the tools that need a person to talk to", () => {
    const asking = spawnArguments({ site: workspace }, { ...options, approvals: true });
    expect(asking.filter((word) => !spawnArguments({ site: workspace }, options).includes(word))).toEqual([
      "--permission-prompt-tool=stdio",
      "--disallowed-tools=AskUserQuestion,EnterPlanMode,ExitPlanMode",
    ]);
    expect(spawnArguments({ site: "chat" }, { ...options, approvals: true })).toEqual(
      spawnArguments({ site: "chat" }, options),
    );
  });

  test("of a bare model carry none of it, and one turn for each question", () => {
    expect(spawnArguments({ site: "chat" }, { ...options, maxTurns: 5 }).slice(9)).toEqual([
      "--tools=",
      "--setting-sources=",
      "--system-prompt=",
      "--max-turns=1",
    ]);
  });

  test("keep an OAuth login working and nothing on disk", () => {
    for (const site of [workspace, "chat"] as const) {
      expect(spawnArguments({ site }, options)).toContain("--no-session-persistence");
      expect(spawnArguments({ site }, options)).toContain("--strict-mcp-config");
      expect(spawnArguments({ site }, options)).not.toContain("--bare");
    }
  });

  test("of a named session's agent leave the conversation on disk, and take it up again at an answer", () => {
    expect(spawnArguments({ site: workspace, kept: true }, options)).not.toContain("--no-session-persistence");
    const resumed = { sessionId: "s", answerId: "a" };
    const args = spawnArguments({ site: workspace, kept: true, resumed }, options);
    expect(args).toContain("--resume=s");
    expect(args).toContain("--resume-session-at=a");
    expect(args).not.toContain("--no-session-persistence");
  });
});
