/** Of one hop (RFC 9110 §7.6.1), or about bytes that are not those any more. */
const ofOneHop: ReadonlySet<string> = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Meant for us: what lets the client in here, and where its page comes from. */
const ours: ReadonlySet<string> = new Set([
  "accept-encoding",
  "api-key",
  "authorization",
  "cookie",
  "expect",
  "forwarded",
  "host",
  "origin",
  "referer",
  "x-api-key",
  "x-goog-api-key",
  "x-request-id",
]);
const ourPrefixes = /^(?:x-cc(?:proxy)?-|x-forwarded-|sec-|access-control-)/;

/** The rest of what a client says is for the upstream, known to us or not. Its answer is to be readable along the way. */
export function requestHeaders(headers: Headers): Record<string, string> {
  const entries: (readonly [string, string])[] = [];
  headers.forEach((value, name) => {
    if (!ofOneHop.has(name) && !ours.has(name) && !ourPrefixes.test(name)) entries.push([name, value]);
  });
  // Each is made a property of its own: `__proto__`, which is a name like any other here, would be lost if it were assigned.
  const passed: Record<string, string> = Object.fromEntries(entries);
  // What curl and fetch say of any text; here it was read as JSON.
  if (/^(?:application\/x-www-form-urlencoded|text\/plain)/.test(passed["content-type"] ?? ""))
    passed["content-type"] = "application/json";
  passed["accept-encoding"] = "identity";
  return passed;
}

/** Ids of ours stand beside the upstream's own; its cookies and its rules for pages concern nobody here. */
export function answerHeaders(headers: Headers): Headers {
  const passed = new Headers();
  headers.forEach((value, name) => {
    if (name === "request-id" || name === "x-request-id") passed.set("x-ccproxy-upstream-request-id", value);
    else if (!ofOneHop.has(name) && !/^(?:set-cookie|alt-svc|server|via|access-control-|x-ccproxy-)/.test(name))
      passed.set(name, value);
  });
  return passed;
}
