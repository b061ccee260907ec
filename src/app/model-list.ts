/** What a provider told of its models, in a file of its own: listed where it cannot be asked, by a later start too. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import * as v from "valibot";

import type { KeptList } from "#backends/http-api/index.ts";
import { writePrivately } from "#credentials/private-file.ts";
import { parseJsonText } from "#lib/parse-json-text.ts";

const figure = v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1)));

const schema = v.object({
  /** Whose list it is: a provider may move. */
  from: v.string(),
  at: v.number(),
  models: v.array(
    v.object({
      id: v.string(),
      displayName: v.string(),
      aliases: v.array(v.string()),
      ownedBy: v.exactOptional(v.string()),
      contextWindow: figure,
      maxOutputTokens: figure,
    }),
  ),
});

/** One that cannot be read or written is as if it were not there: it is but a help in need. */
export function openModelList(directory: string, provider: string, from = ""): KeptList {
  const path = join(directory, `${provider}.json`);
  return {
    read() {
      const parsed = v.safeParse(schema, parseJsonText(textIn(path)));
      return parsed.success && parsed.output.from === from ? parsed.output : undefined;
    },
    write({ at, models }) {
      try {
        writePrivately(path, JSON.stringify({ from, at, models }));
      } catch {
        // A full disk is told of by what has to be written.
      }
    },
  };
}

function textIn(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
