import { stateDirectory } from "#config/paths.ts";

import { createCommand } from "./command.ts";
import { commonFlags, configFlags } from "./flag.ts";
import { loadSettings } from "./load-settings.ts";

export const configPath = createCommand({
  name: "path",
  description: "Print which files are read, where yours belongs, and where the state is kept.",
  flags: { ...configFlags, ...commonFlags },
  async run(args, context) {
    const { files, userFile, config } = await loadSettings(args, context);
    const { environment } = context;
    const read = files.length === 0 ? ["read   none"] : files.map((file) => `read   ${file}`);
    const yours = files.includes(userFile) ? [] : [`yours  ${userFile} (not there)`];
    await context.terminal.print([...read, ...yours, `state  ${stateDirectory(config, { environment })}`].join("\n"));
    return 0;
  },
});
