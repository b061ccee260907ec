import { createCommand } from "./command.ts";
import { completionScript, isShell } from "./completion/script.ts";
import { usageFailure } from "./failure.ts";
import { commonFlags } from "./flag.ts";

export const completion = createCommand({
  name: "completion",
  description: "Print the completion script of a shell.",
  flags: {
    shell: {
      type: "positional",
      required: true,
      options: ["bash", "zsh", "fish", "powershell"],
      description: "bash, zsh, fish or powershell.",
    },
    ...commonFlags,
  },
  examples: [
    "source <(ccproxy completion bash)",
    'ccproxy completion zsh > "${fpath[1]}/_ccproxy"',
    "ccproxy completion fish | source",
    "ccproxy completion powershell | Out-String | Invoke-Expression",
  ],
  async run(args, { terminal }) {
    const shell = args.text("shell") ?? "";
    if (!isShell(shell)) throw usageFailure(`there is no completion for ${JSON.stringify(shell)}`);
    // From source the executable is bun itself, which would complete nothing.
    await terminal.print(completionScript(shell, Bun.isStandaloneExecutable ? process.execPath : "ccproxy"));
    return 0;
  },
});
