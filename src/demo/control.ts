import type { Recorder } from "./recorder.ts";

export interface ControlledParts {
  readonly recorder: Recorder;
  reset(): void;
}

/** `/__demo/...`: what a suite that runs the demo as another process asks it over HTTP. Needs no credential. */
export function controlResponse(
  method: string,
  pathname: string,
  query: URLSearchParams,
  { recorder, reset }: ControlledParts,
): Response {
  switch (`${method} ${pathname}`) {
    case "GET /__demo/state":
      return Response.json(recorder.state());
    case "GET /__demo/requests": {
      const last = Number(query.get("last") ?? "20");
      return Response.json(last > 0 ? recorder.requests().slice(-last) : []);
    }
    case "POST /__demo/reset":
      reset();
      return Response.json(recorder.state());
    default:
      return Response.json(
        { error: "GET /__demo/state, GET /__demo/requests?last=20, POST /__demo/reset" },
        { status: 404 },
      );
  }
}
