import { parseJsonText } from "#lib/parse-json-text.ts";

import type { Orders } from "./orders.ts";
import type { Recorder } from "./recorder.ts";

export interface ControlledParts {
  readonly recorder: Recorder;
  readonly orders: Orders;
  reset(): void;
}

const calls =
  "GET /__demo/state, GET /__demo/requests?last=20, GET /__demo/requests/NUMBER/body, POST /__demo/reset, " +
  "GET or POST /__demo/orders, DELETE /__demo/orders/ID";

/** `/__demo/...`: what a suite that runs the demo as another process asks it over HTTP. Needs no credential. */
export async function controlResponse(
  request: Request,
  { recorder, orders, reset }: ControlledParts,
): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const [, , topic, id, part] = pathname.split("/");
  switch (`${request.method} ${[topic, id && "ID", part].filter(Boolean).join("/")}`) {
    case "GET state":
      return Response.json(recorder.state());
    case "GET requests": {
      const last = Number(searchParams.get("last") ?? "20");
      return Response.json(last > 0 ? recorder.requests().slice(-last) : []);
    }
    case "GET requests/ID/body": {
      const found = recorder.requests().find(({ number }) => number === Number(id));
      return found === undefined ? refusal(`request ${id} is not kept`) : new Response(found.bytes());
    }
    case "POST reset":
      reset();
      return Response.json(recorder.state());
    case "GET orders":
      return Response.json(orders.list());
    case "POST orders": {
      const made = orders.add(parseJsonText(await request.text()));
      return "problem" in made ? refusal(made.problem, 400) : Response.json(made);
    }
    case "DELETE orders/ID":
      return orders.remove(Number(id)) ? Response.json(orders.list()) : refusal(`order ${id} is unknown`);
    default:
      return refusal(calls);
  }
}

function refusal(error: string, status = 404): Response {
  return Response.json({ error }, { status });
}
