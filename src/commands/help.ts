import { createCommand } from "./command.ts";
import { commonFlags } from "./flag.ts";

export const help = createCommand({
  name: "help",
  description: "Show the help of a command.",
  flags: {
    command: { type: "positional", required: false, description: "The command; all of them when left out." },
    subcommand: { type: "positional", required: false, description: "Its subcommand, as in `help config show`." },
    ...commonFlags,
  },
  async run(args, { terminal }) {
    // Loaded here because the tree of commands has this command in it.
    const { resolveCommand } = await import("./resolve-command.ts");
    const { renderHelp } = await import("./render-help.ts");
    const words = [args.text("command"), args.text("subcommand")].filter((word) => word !== undefined);
    await terminal.print(await renderHelp(await resolveCommand([...words, "--help"]), terminal));
    return 0;
  },
});
