/** The text, or another in its place where it is longer: equal for equal texts, and as good as unique. */
export function shortText(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const digest = new Bun.CryptoHasher("sha256").update(text).digest("hex");
  return `${text.slice(0, Math.max(0, longest - digest.length))}${digest}`.slice(0, longest);
}

/** The same for what may hold nothing but ASCII letters, digits, `_` and `-`. */
export function plainName(name: string, longest: number): string {
  if (name.length <= longest && /^[\w-]+$/.test(name)) return name;
  const digest = new Bun.CryptoHasher("sha256").update(name).digest("hex").slice(0, 8);
  return `${name.slice(0, longest - 9).replaceAll(/[^\w-]/g, "_")}_${digest}`;
}
