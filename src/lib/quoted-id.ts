/** For a message: an id is no secret, but may be anything that its client wrote. */
export function quotedId(id: string): string {
  return JSON.stringify(id.slice(0, 128));
}
