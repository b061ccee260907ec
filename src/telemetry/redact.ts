/** Takes secrets out of what is about to be written to a log: by the name of a field, and by the look of a value. */

const mask = "[redacted]";

/** Header, query, environment and JSON names whose values are credentials whatever they look like. */
const secretName =
  /^(?:proxy-)?authorization$|^(?:set-)?cookie$|(?:^|[-_.])(?:token|secret|password|passwd|passphrase|credential|credentials|signature)$|(?:api|access|auth|private|client|session|refresh|oauth)[-_.]?(?:key|token|secret)$|^(?:access|refresh|id|auth|oauth|bearer)token$|^x-goog-api-key$/i;

/** Each keeps what names the kind of secret and masks the rest. */
const secretShapes: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, mask],
  [/\bsk-ant-[\w-]+/g, `sk-ant-${mask}`],
  [/\b(sk|pk|rk|ccp|ghp|gho|ghs|ghu|github_pat|glpat|xox[abps])[-_][\w-]{12,}/g, `$1-${mask}`],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, mask],
  [/\bAIza[\w-]{30,}/g, mask],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g, mask],
  [/\b(bearer|basic)\s+[\w.~+/=-]{4,}/gi, `$1 ${mask}`],
  [/([a-z][a-z0-9+.-]*:\/\/)[^\s/@:]*:[^\s/@]+@/gi, `$1${mask}@`],
  [
    /((?:^|[?&;\s"'{,])["']?[\w.-]*(?:api[-_]?key|token|secret|password|passwd|signature|authorization)["']?\s*[=:]\s*["']?)(?!\[redacted|(?:bearer|basic)\s)[^\s"'&;,}]+/gi,
    `$1${mask}`,
  ],
];

export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

export function redactText(text: string): string {
  let redacted = text;
  for (const [shape, replacement] of secretShapes) redacted = redacted.replace(shape, replacement);
  return redacted;
}
