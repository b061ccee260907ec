/** Programs that some suites need and a machine may not have, and what is not tested without them. */

export interface Helper {
  readonly name: string;
  readonly commands: readonly string[];
  readonly without: string;
}

const helpers: readonly Helper[] = [
  {
    name: "chromium",
    commands: ["chromium", "chromium-browser", "google-chrome"],
    without: "no page is opened in a real browser",
  },
  {
    name: "qemu for arm64",
    commands: ["qemu-aarch64-static", "qemu-aarch64"],
    without: "the arm64 binary is built but not run",
  },
  ...["bash", "zsh", "fish", "pwsh"].map((shell) => ({
    name: shell,
    commands: [shell],
    without: `the ${shell} completion is not run by ${shell}`,
  })),
];

/** The helpers this machine lacks. */
export function absentHelpers(which = (command: string) => Bun.which(command) !== null): readonly Helper[] {
  return helpers.filter(({ commands }) => !commands.some((command) => which(command)));
}
