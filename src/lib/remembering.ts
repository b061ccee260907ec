/** The same function, which does its work once for equal texts, as far back as `most` different ones. It must be pure. */
export function remembering(work: (text: string) => string, most: number): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const result = work(text);
    const [oldest] = known.keys();
    if (known.size >= most && oldest !== undefined) known.delete(oldest);
    known.set(text, result);
    return result;
  };
}
