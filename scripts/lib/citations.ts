/** Which tests name which requirement. */
import { Glob } from "bun";

import { root } from "./run.ts";

export interface Citation {
  readonly id: string;
  /** Path of the test file from the repository's folder. */
  readonly file: string;
}

/** Every id in a `proves("id", "other-id")` of a test file. */
export async function findCitations(): Promise<readonly Citation[]> {
  const found: Citation[] = [];
  for (const folder of ["src", "test"])
    for await (const name of new Glob("**/*.test.ts").scan(`${root}/${folder}`)) {
      const file = `${folder}/${name}`;
      for (const id of citedIn(await Bun.file(`${root}/${file}`).text())) found.push({ id, file });
    }
  return found;
}

export function citedIn(code: string): readonly string[] {
  const calls = [...code.matchAll(/\bproves\(([^)]*)\)/g)].map(([, list = ""]) => list);
  return calls.flatMap((list) => [...list.matchAll(/["'`]([^"'`]+)["'`]/g)].map(([, id = ""]) => id));
}
