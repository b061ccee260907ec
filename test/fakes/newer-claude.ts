/**
 * The real `claude` under another version number, and unlike it in one thing, or in several:
 * `bun newer-claude.ts <the real one> <its version> <Change,Change> <the CLI's own arguments>`.
 */
import type { Change } from "./changed-claude.ts";

/** The version it says it is. */
const version = "9.9.9";

const [real = "", realVersion = "", given = "", ...cliArguments] = process.argv.slice(2);
// The test beside it wrote the command.
const changes = new Set(given.split(",") as Change[]);

if (changes.has("refuses") && cliArguments[0] === "-p") {
  console.error("error: unknown option '--input-format'");
  process.exit(1);
}

const environment = { ...process.env };
if (changes.has("reads-mentions")) delete environment["CLAUDE_CODE_DISABLE_ATTACHMENTS"];
const child = Bun.spawn([real, ...cliArguments], {
  env: environment,
  stdin: "pipe",
  stdout: "pipe",
  stderr: "inherit",
});
void speak(process.stdout.write.bind(process.stdout));
for await (const line of linesOf(Bun.stdin.stream())) {
  const changed = Array.from(changes).reduce<string | undefined>(heard, line);
  if (changed !== undefined) await child.stdin.write(`${changed}\n`);
}
await child.stdin.end();
process.exit(await child.exited);

async function speak(write: (text: string) => void): Promise<void> {
  for await (const line of linesOf(child.stdout)) {
    if (changes.has("says-more") && line.includes('"type":"result"')) write('{"type":"system","subtype":"mood"}\n');
    write(`${line.replaceAll(realVersion, version)}\n`);
  }
}

/** A line as the real CLI gets it after a change; undefined when it gets none. */
function heard(line: string | undefined, change: Change): string | undefined {
  if (line === undefined) return undefined;
  switch (change) {
    case "keeps-its-messages":
      return withoutBodyKey(line, "messages");
    case "drops-temperature":
      return withoutBodyKey(line, "temperature");
    case "forgets-answers":
      return line.startsWith('{"type":"assistant"') ? undefined : line;
    case "forgets-system-prompts":
      return line.replace(/"(systemPrompt|appendSystemPrompt)":/, '"other":');
    case "forgets-tools":
      return line.replace('"sdkMcpServers":', '"other":');
    case "runs-commands":
      return line.replace(String.raw`"text":"\n/`, '"text":"/');
    case "ignores-interrupts":
      return line.includes('"subtype":"interrupt"') ? undefined : line;
    default:
      return line;
  }
}

/** `CLAUDE_CODE_EXTRA_BODY` is JSON within JSON. */
function withoutBodyKey(line: string, key: string): string {
  return JSON.stringify(JSON.parse(line), (name, value: unknown) => {
    if (name !== "CLAUDE_CODE_EXTRA_BODY" || typeof value !== "string" || value === "") return value;
    return JSON.stringify(JSON.parse(value), (inner, part: unknown) => (inner === key ? undefined : part));
  });
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pending = "";
  for await (const chunk of stream) {
    const lines = (pending + decoder.decode(chunk, { stream: true })).split("\n");
    pending = lines.pop() ?? "";
    yield* lines;
  }
  if (pending !== "") yield pending;
}
