import { resolve } from "node:path";

import { createCommand } from "./command.ts";
import { CommandFailure } from "./failure.ts";
import { commonFlags } from "./flag.ts";
import { versionOfThis } from "./version.ts";

export const openapi = createCommand({
  name: "openapi",
  description: "Print the OpenAPI document of the API, or write it to a file.",
  flags: {
    out: {
      type: "string",
      alias: "o",
      valueHint: "file",
      completes: "file",
      description: "Write to this file instead.",
    },
    ...commonFlags,
  },
  examples: ["ccproxy openapi --out openapi.json"],
  async run(args, { terminal, cwd }) {
    const { renderOpenApi } = await import("#app/openapi.ts");
    const document: unknown = JSON.parse(await renderOpenApi(versionOfThis()));
    const text = `${JSON.stringify(document, null, 2)}\n`;
    const out = args.text("out");
    if (out === undefined) await terminal.print(text);
    else await writeFile(resolve(cwd, out), text);
    return 0;
  },
});

async function writeFile(path: string, text: string): Promise<void> {
  try {
    await Bun.write(path, text, { createPath: false });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailure(`${path} cannot be written: ${reason}`, { cause });
  }
}
