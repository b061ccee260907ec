import { renderConfigSchema } from "#config/render-schema.ts";

import { createCommand } from "./command.ts";
import { commonFlags } from "./flag.ts";

export const configSchemaCommand = createCommand({
  name: "schema",
  description: "Print the JSON Schema of the configuration, for editors.",
  flags: commonFlags,
  examples: ["ccproxy config schema > ccproxy.schema.json"],
  async run(_args, { terminal }) {
    await terminal.print(JSON.stringify(renderConfigSchema(), null, 2));
    return 0;
  },
});
