import { CommandFailure } from "./failure.ts";
import type { Terminal } from "./terminal.ts";

const enter = /[\r\n]/;
const interrupt = "\u0003";
const endOfInput = "\u0004";
const erase = /[\u007F\b]/;

/** One line from a person, who does not see it, or all of standard input. Throws CommandFailure where it is called off. */
export async function readSecret(terminal: Terminal, prompt: string): Promise<string> {
  const { stdin } = process;
  if (!stdin.isTTY) return await Bun.stdin.text();
  process.stderr.write(prompt);
  stdin.setRawMode(true);
  try {
    let secret = "";
    // It may be asked again: the stream is to live on.
    for await (const chunk of stdin.iterator({ destroyOnReturn: false }))
      for (const key of String(chunk)) {
        if (key === interrupt || key === endOfInput) throw new CommandFailure("called off; nothing was kept");
        if (enter.test(key)) return secret;
        secret = erase.test(key) ? secret.slice(0, -1) : secret + key;
      }
    return secret;
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    await terminal.printError("");
  }
}
