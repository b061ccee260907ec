/** Versions of Codex that the suites run on. Others work as far as they speak the same. */
export const testedVersions = ["0.169.0"] as const;

export function isTested(version: string): boolean {
  return testedVersions.some((tested) => tested === version);
}
