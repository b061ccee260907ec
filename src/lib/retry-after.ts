/**
 * How long an answer asks to wait: `retry-after-ms`, which OpenAI's SDKs read first, then `retry-after` in seconds or as
 * a date (RFC 9110 §10.2.3). undefined where it does not say, or nothing that makes sense.
 */
export function retryAfterSeconds(headers: Headers, now = Date.now()): number | undefined {
  const milliseconds = numberIn(headers.get("retry-after-ms"));
  if (milliseconds !== undefined) return milliseconds / 1000;
  const value = headers.get("retry-after");
  const seconds = numberIn(value);
  if (seconds !== undefined) return seconds;
  // A bare number would be a date too: `-1` is in 2001.
  const date = value !== null && /[a-z]/i.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000);
}

function numberIn(value: string | null): number | undefined {
  if (value === null || !/^\s*\d+(?:\.\d+)?\s*$/.test(value)) return undefined;
  return Number(value);
}
