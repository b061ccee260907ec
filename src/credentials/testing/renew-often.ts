/** A process of its own: has the sign-in in a file renewed so often, each time by hand. */
import { signInFormats } from "#credentials/sign-in-format.ts";
import { createSignIn } from "#credentials/sign-in.ts";

const [path = "", url = "", times = "0"] = process.argv.slice(2);
const signIn = createSignIn({
  format: signInFormats["claude-credentials"],
  path,
  endpoint: { url },
  onUnwritten: (message) => say(message),
});

for (let time = 0; time < Number(times); time += 1) {
  const before = await signIn.get();
  await signIn.refresh();
  say((await signIn.get()) === before ? "the same" : "renewed");
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
