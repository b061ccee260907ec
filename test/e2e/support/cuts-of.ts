/** Where a reader of this stream of events stands differently: how many of its bytes it is to be given, in ascending order. */
export function cutsOf(recording: Uint8Array): number[] {
  const bytes = Buffer.from(recording);
  const cuts = new Set<number>([0]);
  for (let start = 0; start < bytes.length;) {
    const data = bytes.indexOf("\ndata: ", start);
    const end = bytes.indexOf("\n\n", start);
    // In the event's name, before its data, in their JSON, and before each of the two line ends behind them.
    for (const cut of [start + 10, data + 1, Math.floor((data + end) / 2), end, end + 1]) cuts.add(cut);
    start = end + 2;
    if (start < bytes.length) cuts.add(start);
  }
  // Within characters of several bytes.
  for (const [index, byte] of bytes.entries()) if (byte >= 0x80 && byte < 0xc0) cuts.add(index);
  return [...cuts].toSorted((a, b) => a - b);
}
