/** `ccproxy auth login NAME --oauth`, as a person sees it: what it says, and where it sends the person. */
import { join } from "node:path";

import { binary, waitFor } from "./proxy.ts";

export interface LoginProcess {
  /** What it said so far. */
  readonly said: { readonly text: string };
  /** Its exit code. */
  readonly ended: Promise<number>;
  /** Where the person is to go. */
  url(): Promise<string>;
  /** Ends what it reads with this. */
  type(text: string): Promise<void>;
  /** Calls it off. */
  kill(): void;
}

/** The environment of whoever lives there and nowhere else. */
export function environmentOf(home: string): Readonly<Record<string, string>> {
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    XDG_STATE_HOME: join(home, "state"),
    XDG_CONFIG_HOME: join(home, "config"),
    // Carried by some for another program's sake: a sign-in must not be told to whoever answers.
    NODE_TLS_REJECT_UNAUTHORIZED: "0",
  };
}

export function startLogin(
  home: string,
  provider: string,
  { flags, config }: { readonly flags: readonly string[]; readonly config: string },
): LoginProcess {
  const child = Bun.spawn([binary, "auth", "login", provider, "--oauth", ...flags, "--config", config], {
    cwd: home,
    env: environmentOf(home),
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const said = { text: "" };
  const read = async (stream: ReadableStream<Uint8Array>) => {
    for await (const chunk of stream) said.text += new TextDecoder().decode(chunk);
  };
  return {
    said,
    ended: Promise.all([read(child.stdout), read(child.stderr), child.exited]).then(([, , code]) => code),
    url: () => waitFor(() => /^http\S+$/m.exec(said.text)?.[0], 10_000, child.exited),
    async type(text) {
      await child.stdin.write(text);
      await child.stdin.end();
    },
    kill: () => child.kill(),
  };
}
