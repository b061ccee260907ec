import { expect, test } from "bun:test";

import { Exchange } from "#server/exchange.ts";
import type { Route, Services } from "#server/route.ts";
import { createScriptedGateway } from "#server/testing/scripted-gateway.ts";
import { createRequestRecord } from "#telemetry/request-record.ts";
import { anthropicMessages } from "#wire/anthropic-messages/index.ts";
import { openaiChat } from "#wire/openai-chat/index.ts";
import { openaiResponses } from "#wire/openai-responses/index.ts";

import { routes } from "./table.ts";

const services: Services = {
  gateway: createScriptedGateway(),
  approvals: undefined,
  limits: { maxBodyBytes: 1000, heartbeatMs: 1000 },
  version: "1.2.3",
  draining: () => false,
  recordings: undefined,
  responses: undefined,
  providerResponses: undefined,
  oauthCallback: undefined,
  cancelTurns: () => 1,
  cancelAnswer: () => undefined,
  openApi: () => Promise.resolve("{}"),
};
const body = JSON.stringify({ max_tokens: 9, messages: [{ role: "user", content: "Hi" }], input: "Hi" });
/** What is kept is there at once. */
const isKept = ({ path, method }: Route) =>
  path.includes("/v1/responses") && !(method === "POST" && path.endsWith("/responses"));
/** For a provider alone to answer. */
const isPassedOn = ({ path }: Route) => path.endsWith("*");

/** Whatever needs the CLI may have to wait for one to start, longer than a silent connection may stay. */
test.each(
  routes.filter(
    (route) => route.path.includes("/v1/") && route.method !== "DELETE" && !isKept(route) && !isPassedOn(route),
  ),
)("$method $path is not cut off while it waits", async (route) => {
  let keptOpen = 0;
  const { method, path } = route;
  const exchange = new Exchange({
    request: new Request(`http://localhost${path}`, { method, ...(method === "POST" && { body }) }),
    path,
    query: new URLSearchParams(),
    wireFormat: path.includes("/messages")
      ? anthropicMessages
      : path.endsWith("/responses")
        ? openaiResponses
        : openaiChat,
    record: createRequestRecord({ requestId: "r1", method, path }),
    said: new Map(),
    unread: [],
    onEnd: () => undefined,
    stayOpen: () => {
      keptOpen += 1;
    },
  });
  const response = await route.answer(exchange, services, { id: "sonnet" });
  expect([response.status, keptOpen]).toEqual([200, 1]);
});
