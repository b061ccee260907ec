import { expect, test } from "bun:test";

import { headerSafe, runHeaders } from "./answer-headers.ts";
import { requestIdOf } from "./request-id.ts";

const head = {
  backend: "claude-cli",
  mode: "agent",
  tools: "agent",
  model: undefined,
  modelSent: undefined,
  session: undefined,
  sessionId: undefined,
  accepted: false,
  workspace: undefined,
  ignored: [],
  renamedTools: [],
  retries: 0,
  failed: [],
  notAsked: [],
} as const;

test("only what is known is said", () => {
  expect(runHeaders(head)).toEqual({
    "X-CCProxy-Backend": "claude-cli",
    "X-CCProxy-Mode": "agent",
    "X-CCProxy-Tools": "agent",
  });
});

test("names from outside cannot break a header", () => {
  const headers = runHeaders({
    ...head,
    model: "modèle\r\nX-Evil: 1",
    session: "größe",
    sessionId: "\ud800",
    workspace: "/home/josé",
    ignored: ["a,b", "logit_bias"],
  });
  expect(headers["X-CCProxy-Model"]).toBe("mod%C3%A8le%0D%0AX-Evil:%201");
  expect(headers["X-CCProxy-Session"]).toBe("gr%C3%B6%C3%9Fe");
  expect(headers["X-CCProxy-Backend-Session"]).toBe("%EF%BF%BD");
  expect(headers["X-CCProxy-Workspace"]).toBe("/home/jos%C3%A9");
  expect(headers["X-CCProxy-Ignored-Params"]).toBe("a%2Cb, logit_bias");
  expect(() => new Headers(headers)).not.toThrow();
  expect(headerSafe("claude-opus-5-5[1m]")).toBe("claude-opus-5-5[1m]");
  expect(headerSafe("x".repeat(1000))).toHaveLength(200);
});

test("tools that the model knows by another name are listed, as far as a header goes", () => {
  const nameOf = (renamedTools: readonly { name: string; as: string }[]) =>
    runHeaders({ ...head, renamedTools })["X-CCProxy-Renamed-Tools"] ?? "";
  const two = [
    { name: "Bash", as: "Bash_12345678" },
    { name: "für,a=b", as: "f_r_a_b_12345678" },
  ];
  expect(nameOf(two)).toBe("Bash=Bash_12345678, f%C3%BCr%2Ca=b=f_r_a_b_12345678");
  const many = nameOf(Array.from({ length: 128 }, () => ({ name: "x".repeat(128), as: "x".repeat(109) })));
  expect(many.length).toBeLessThan(2100);
  expect(many).toEndWith(", +120");
});

test("a sane request id is kept, anything else is replaced", () => {
  const idOf = (id: string) => requestIdOf(new Headers({ "x-request-id": id }));
  expect(idOf("my-id_1.2:3/4")).toBe("my-id_1.2:3/4");
  for (const bad of ["", "a b", "ünïcode", "x".repeat(129), '"quoted"', "a\tb"])
    expect(idOf(bad)).toMatch(/^req_[0-9a-f]{32}$/);
});
