/** Takes secrets out of text that leaves us, for a log or an error: by the name of a field, and by the look of a value. */

const mask = "[redacted]";

/** Header, query, environment and JSON names whose values are credentials whatever they look like. */
const secretName =
  /^(?:proxy-)?authorization$|^(?:set-)?cookie$|(?:^|[-_.])(?:token|secret|password|passwd|passphrase|credential|credentials|signature)$|(?:api|access|auth|private|client|session|refresh|oauth)[-_.]?(?:key|token|secret)$|^(?:access|refresh|id|auth|oauth|bearer)token$|^x-goog-api-key$/i;

/**
 * Each keeps what names the kind of secret and masks the rest. Text may come from a client, so every
 * shape starts at a boundary or has a bound: none takes quadratic time. What ends a sentence or a quotation stays behind a
 * value, unless the value is nothing else.
 */
const secretShapes: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g, mask],
  [/\bsk-ant-[\w-]+/g, `sk-ant-${mask}`],
  [/(?<![\w-])(sk|pk|rk|ccp|gh[opsu]|github_pat|glpat|xox[abps])[-_][\w-]{12,}/g, `$1-${mask}`],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, mask],
  [/\bAIza[\w-]{30,}/g, mask],
  [/(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g, mask],
  [/\b(bearer)\s{1,8}(?:[\w.~+/=-]{3,}[\w~+/=-]|[\w.~+/=-]{4,})/gi, `$1 ${mask}`],
  [/\b([Bb]asic)\s{1,8}(?=[a-z+/]*[A-Z0-9=])[\w+/=]{6,}/g, `$1 ${mask}`],
  [/\b((?:set-)?cookie\s?:\s?)[^\r\n]+/gi, `$1${mask}`],
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@:]{0,256}:[^\s/@]{1,256}@/gi, `$1${mask}@`],
  [
    /(["'][\w.-]{0,60}(?:api[-_]?key|token|secret|password|passwd|authorization)["']\s?:\s?)"(?:[^"\\]|\\.)*"?/gi,
    `$1"${mask}"`,
  ],
  [
    /(?<![\w.-])([\w.-]{0,60}(?:api[-_]?key|token|secret|password|passwd|authorization)\s?[=:]\s?)(?!\[redacted|(?:bearer|basic)[.)`]*(?:\s|$))(?:[^\s"'&;,}]*[^\s"'&;,}.)`]|[^\s"'&;,}]+)/gi,
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
