import { createCommand } from "./command.ts";
import { commonFlags } from "./flag.ts";
import { versionOfThis } from "./version.ts";

export const showVersion = createCommand({
  name: "version",
  description: "Print the version, the runtime and the system.",
  flags: commonFlags,
  async run(_args, { terminal }) {
    await terminal.print(`ccproxy ${versionOfThis()} (bun ${Bun.version}, ${process.platform}-${process.arch})`);
    return 0;
  },
});
