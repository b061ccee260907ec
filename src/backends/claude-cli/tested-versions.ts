/** The versions of the CLI that every release of ours is tested with, newest first; the suites run on each. */
export const testedVersions = ["2.1.329", "2.1.197"] as const;

export function isTested(version: string): boolean {
  return testedVersions.some((tested) => tested === version);
}
