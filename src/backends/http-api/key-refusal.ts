/**
 * Gemini refuses a key with a 400, as it does what is wrong with a request. What a request has brought would stand in other
 * quotes: they are escaped within a string.
 */
export function refusesKey(text: string): boolean {
  return /"(?:reason|message)"\s*:\s*"API(?:_KEY_INVALID| key not valid)/.test(text);
}
