/** Programs that some suites need and a machine may not have, and what is not tested without them. */
import { existsSync } from "node:fs";

interface Helper {
  readonly commands: readonly string[];
  /** Needed besides a command. */
  readonly file?: string;
  readonly without: string;
}

/** The dynamic linker's root that qemu is given. */
export const arm64Libraries = "/usr/aarch64-linux-gnu";

const helpers = {
  chromium: {
    commands: ["chromium", "chromium-browser", "google-chrome"],
    without: "no page is opened in a real browser",
  },
  tmux: { commands: ["tmux"], without: "approvals are not decided on in a real terminal" },
  "qemu with arm64 libraries": {
    commands: ["qemu-aarch64-static"],
    file: `${arm64Libraries}/lib/libstdc++.so.6`,
    without: "the arm64 binary is not run",
  },
  "a keychain": {
    commands: ["gnome-keyring-daemon"],
    file: "/usr/bin/dbus-run-session",
    without: "no key is kept in one and read from it",
  },
  bash: completionOf("bash"),
  zsh: completionOf("zsh"),
  fish: completionOf("fish"),
  pwsh: completionOf("pwsh"),
} as const satisfies Record<string, Helper>;

export type HelperName = keyof typeof helpers;

/** The path of a helper. Where the machine lacks it, says so in a line that the summary of all suites repeats. */
export function findHelper(name: HelperName): string | undefined {
  const found = pathOf(helpers[name]);
  if (found === undefined) console.log(`ABSENT ${describe(name, helpers[name])}`);
  return found;
}

/** One line for each helper this machine lacks. */
export function absentHelpers(): readonly string[] {
  return Object.entries(helpers)
    .filter(([, helper]) => pathOf(helper) === undefined)
    .map(([name, helper]) => describe(name, helper));
}

function pathOf({ commands, file }: Helper): string | undefined {
  if (file !== undefined && !existsSync(file)) return undefined;
  return commands.map((command) => Bun.which(command)).find((path) => path !== null);
}

function describe(name: string, { without }: Helper): string {
  return `${name} is not installed: ${without}`;
}

function completionOf(shell: string): Helper {
  return { commands: [shell], without: `its completion script is not run by ${shell}` };
}
