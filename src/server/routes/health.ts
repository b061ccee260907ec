import { renderHealth, renderLiveness, renderReadiness } from "#server/health.ts";
import { jsonResponse } from "#server/json-response.ts";
import type { Operation } from "#server/openapi/operation.ts";
import { requestIdHeader, schemaRef } from "#server/openapi/parts.ts";
import type { Route, Services } from "#server/route.ts";

type Health = ReturnType<typeof renderHealth>;

function healthResponse(health: Health): Response {
  return jsonResponse(health, {
    status: health.status === "fail" ? 503 : 200,
    headers: { "content-type": "application/health+json", "cache-control": "no-cache" },
  });
}

const live: Route["answer"] = (_exchange, { version }) => healthResponse(renderLiveness(version));
const ready: Route["answer"] = (_exchange, services) =>
  healthResponse(renderReadiness(services.gateway.status(), facts(services)));
const full: Route["answer"] = (_exchange, services) =>
  healthResponse(renderHealth(services.gateway.status(), facts(services)));

function facts({ version, draining }: Services) {
  return { version, draining: draining(), now: new Date() };
}

const content = { "application/health+json": { schema: schemaRef("Health") } };
const passes = {
  description: "Requests can be answered; `warn` where one of the backends cannot.",
  headers: requestIdHeader,
  content,
};
const fails = { description: "Requests cannot be answered now; the body says why.", headers: requestIdHeader, content };

function route(path: string, answer: Route["answer"], operation: Omit<Operation, "tags" | "security">): Route {
  return {
    method: "GET",
    path,
    open: true,
    prefixed: false,
    answer,
    operation: { ...operation, tags: ["Health"], security: [] },
  };
}

export const healthRoutes: readonly Route[] = [
  {
    method: "GET",
    // Claude Code looks there at its start whether anybody answers (2.1.329).
    path: "/api/hello",
    open: true,
    prefixed: true,
    answer: () => jsonResponse({ message: "hello" }, { status: 200 }),
    operation: undefined,
  },
  route("/health", full, {
    operationId: "getHealth",
    summary: "State of the server and of what answers behind it",
    responses: { 200: passes, 503: fails },
  }),
  route("/health/live", live, {
    operationId: "getLiveness",
    summary: "The process is up",
    responses: { 200: passes },
  }),
  route("/health/ready", ready, {
    operationId: "getReadiness",
    summary: "A request sent now would be answered, by one backend at least",
    responses: { 200: passes, 503: fails },
  }),
  route("/healthz", live, {
    operationId: "getHealthz",
    summary: "The process is up (Kubernetes name)",
    responses: { 200: passes },
  }),
  route("/readyz", ready, {
    operationId: "getReadyz",
    summary: "A request sent now would be answered (Kubernetes name)",
    responses: { 200: passes, 503: fails },
  }),
];
