/** What lists may call this model: exactly as it is called; else without its date. What Claude Code says of its context is no name. */
export function listedNamesOf(model: string): readonly string[] {
  const plain = model.replace(/\[1m\]$/, "");
  const undated = plain.replace(/-(?:20\d{6}|20\d\d-\d\d-\d\d)$/, "");
  return [plain, undated];
}
