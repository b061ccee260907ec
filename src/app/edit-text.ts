import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { runInForeground } from "#process/foreground.ts";

/** Has the user's editor (`$VISUAL`, `$EDITOR`) change a text in a file only they can read. Throws ChildFault. */
export async function editText(text: string, environment: Readonly<Record<string, string | undefined>>) {
  const directory = await mkdtemp(join(tmpdir(), "ccproxy-edit-"));
  try {
    const file = join(directory, "input.json");
    await writeFile(file, text, { mode: 0o600 });
    const editor = environment["VISUAL"] || environment["EDITOR"] || (process.platform === "win32" ? "notepad" : "vi");
    await runInForeground([...editor.trim().split(/\s+/), file]);
    return await Bun.file(file).text();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
