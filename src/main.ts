/** The program's first file: says the version at once, and loads the command line for anything else. */
import { versionOfThis } from "#commands/version.ts";

const [first, ...rest] = process.argv.slice(2);

if (rest.length === 0 && (first === "--version" || first === "-v" || first === "-V")) {
  process.stdout.write(`${versionOfThis()}\n`);
} else {
  const { runProcess } = await import("#commands/run-process.ts");
  await runProcess();
}
