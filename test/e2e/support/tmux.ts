/** A program in a real terminal: what its screen shows, and keys typed at it. */
import { root, run } from "../../../scripts/lib/run.ts";
import { waitFor } from "./proxy.ts";

export interface TmuxScreen {
  /** The screen without colours. */
  text(): Promise<string>;
  /** Waits until the screen shows it; gives the screen. */
  shows(text: string): Promise<string>;
  /** Types keys by tmux's names, as in `y` or `Enter`. */
  press(...keys: readonly string[]): Promise<void>;
  /** Types a text as it is. */
  write(text: string): Promise<void>;
  /** Ends the terminal and all in it. */
  close(): Promise<void>;
}

interface TmuxOptions {
  readonly tmux: string;
  /** Names the terminal's own tmux server. */
  readonly socket: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export async function openTmux({ tmux, socket, command, env }: TmuxOptions): Promise<TmuxScreen> {
  const call = async (...args: readonly string[]): Promise<string> => {
    const { code, output } = await run([tmux, "-S", socket, ...args]);
    if (code !== 0) throw new Error(`tmux ${args[0]}: ${output}`);
    return output;
  };
  const variables = Object.entries(env).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
  // The shell keeps the terminal, so that what is left on it can be seen.
  await call("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", ...variables, "-c", root, "sh");
  await call("send-keys", "-l", command.map((word) => `'${word}'`).join(" "));
  await call("send-keys", "Enter");
  const text = (): Promise<string> => call("capture-pane", "-p");
  return {
    text,
    async shows(wanted) {
      let last = "";
      try {
        return await waitFor(async () => ((last = await text()).includes(wanted) ? last : undefined), 15_000);
      } catch (cause) {
        throw new Error(`The screen never showed ${JSON.stringify(wanted)}, but:\n${last}`, { cause });
      }
    },
    press: async (...keys) => void (await call("send-keys", ...keys)),
    write: async (typed) => void (await call("send-keys", "-l", typed)),
    close: async () => void (await call("kill-server")),
  };
}
