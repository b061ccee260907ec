/** What the API takes for the name of a tool. */
const valid = /^[a-zA-Z0-9_-]{1,128}$/;
/** Of the longest name that leaves room for what makes it unique. */
const longestStem = 100;

export function isToolName(name: string): boolean {
  return valid.test(name);
}

/** A name the API takes, in place of one it refuses or that is taken. Equal for equal names, so that histories agree with it. */
export function replaceToolName(name: string): string {
  const digest = new Bun.CryptoHasher("sha256").update(name).digest("hex").slice(0, 8);
  return `${name.slice(0, longestStem).replaceAll(/[^a-zA-Z0-9_-]/g, "_")}_${digest}`;
}
