/** Writes numbered lines to a log file as fast as it can: `bun write-lines.ts <path> <name> <count>`. */
import { openLogFile } from "#telemetry/log-file.ts";

const [path = "", name = "", count = "0"] = process.argv.slice(2);
const file = openLogFile({ path, maxBytes: 4000, maxFiles: 100_000 });
for (let at = 0; at < Number(count); at += 1) file.write(`${name} ${at} ${"x".repeat(at % 60)}\n`);
file.close();
