import { expect, test } from "bun:test";

import * as v from "valibot";

import { healthSchema } from "./health.ts";
import { startTestServer } from "./testing/test-server.ts";

async function ask(url: string, path: string) {
  const response = await fetch(url + path);
  expect(response.headers.get("content-type")).toBe("application/health+json");
  expect(response.headers.get("cache-control")).toBe("no-cache");
  return { status: response.status, health: v.parse(healthSchema, await response.json()) };
}

// proves("api-health")
test.each(["/health", "/health/live", "/health/ready", "/healthz", "/readyz"])(
  "%s passes when all is well",
  async (path) => {
    await using server = startTestServer();
    const { status, health } = await ask(server.url, path);
    expect([status, health.status, health.version]).toEqual([200, "pass", "1.2.3"]);
  },
);

test("what answers behind the server is named with its version and state", async () => {
  await using server = startTestServer({ waiting: 3 });
  const { health } = await ask(server.url, "/health");
  expect(health.serviceId).toBe("ccproxy");
  expect(health.checks?.["scripted"]).toMatchObject([{ status: "pass", version: "2.0.0", output: "Scripted." }]);
  expect(health.checks?.["scripted:children"]?.map(({ observedValue }) => observedValue)).toEqual([1, 2]);
  expect(health.checks?.["scripted:starts"]?.map(({ observedValue }) => observedValue)).toEqual([2, 1, 1, 0.75]);
  expect(health.checks?.["requests"]?.map(({ observedValue }) => observedValue)).toEqual([0, 3]);
});

test("it is ready as long as one backend can answer, and names those that cannot", async () => {
  const openai = { backend: "openai", ready: true, detail: "OpenAI is asked over HTTP." };
  const status = { ready: false, detail: "No claude was found." };
  await using degraded = startTestServer({ status, others: [openai] });
  for (const path of ["/health", "/readyz"]) {
    const { status: code, health } = await ask(degraded.url, path);
    expect([code, health.status]).toEqual([200, "warn"]);
    expect(health.output).toBe("scripted cannot answer: No claude was found.");
    expect(health.checks).toMatchObject({ scripted: [{ status: "fail" }], openai: [{ status: "pass" }] });
  }
  await using silent = startTestServer({ status, others: [{ ...openai, ready: false }] });
  expect((await ask(silent.url, "/readyz")).status).toBe(503);
});

test("while the backend cannot answer, the server is alive but not ready, and says why", async () => {
  await using server = startTestServer({ status: { ready: false, detail: "No claude was found." } });
  for (const path of ["/health", "/health/ready", "/readyz"]) {
    const { status, health } = await ask(server.url, path);
    expect([status, health.status, health.output]).toEqual([503, "fail", "No claude was found."]);
  }
  for (const path of ["/health/live", "/healthz"]) expect((await ask(server.url, path)).status).toBe(200);
});
