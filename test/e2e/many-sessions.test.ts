/** Many more sessions than processes: whichever is evicted and resumed, each knows its own secret, and no other. */
import { expect, test } from "bun:test";

import { childrenOf } from "./support/children.ts";
import { isLong } from "./support/long.ts";
import { openSessionBench } from "./support/session-bench.ts";

const wanted = 200;
const live = isLong ? 20 : 10;
/** No more sessions begin after this; it says how many there were. With CCPROXY_TEST_LONG=1 even a slow machine gets to all. */
const longestMs = isLong ? 300_000 : 35_000;
const atOnce = 4;

/** Every tenth is an agent's, which the CLI itself remembers. */
const modeOf = (at: number) => (at % 10 === 0 ? "agent" : "chat");
/** After how many later ones a session is asked again: most are evicted by then, some still live. */
const lagOf = (at: number) => (at % 8 === 5 ? 4 : 2 * live);
const secretOf = (at: number) => `secret${at}x${(at * 7919) % 104_729}`;

test(`${wanted} sessions over ${live} live processes each remember their own secret; proves("session-resume")`, async () => {
  const bench = await openSessionBench({ args: ["--max-sessions", String(live), "--pool-size", "0"] });
  const backends = new Map<number, string | null>();
  const asked: number[] = [];

  async function tell(at: number): Promise<void> {
    const secret = secretOf(at);
    const options = { session: `s${at}`, mode: modeOf(at) } as const;
    const { status, headers } = await bench.ask(`remember ${secret} [[demo say noted ${secret}]]`, options);
    expect(status).toBe(200);
    backends.set(at, headers.get("x-ccproxy-backend-session"));
  }

  async function ask(at: number): Promise<void> {
    const options = { session: `s${at}`, mode: modeOf(at) } as const;
    const { status, text, headers } = await bench.ask(`what was it? ${at} [[demo echo]]`, options);
    expect(status).toBe(200);
    expect(new Set(text.match(/secret\d+x\d+/g))).toEqual(new Set([secretOf(at)]));
    if (modeOf(at) === "agent") expect(headers.get("x-ccproxy-backend-session")).toBe(backends.get(at) ?? "");
    asked.push(at);
  }

  const deadline = performance.now() + longestMs;
  const isDue = (at: number, told: number) => backends.has(at) && !asked.includes(at) && told - at >= lagOf(at);
  let told = 0;
  for (; told < wanted && performance.now() < deadline; told += atOnce) {
    const due = Array.from({ length: told }, (_, at) => at).filter((at) => isDue(at, told));
    const next = Array.from({ length: atOnce }, (_, more) => told + more);
    await inTurn([...next.map((at) => () => tell(at)), ...due.map((at) => () => ask(at))]);
  }
  const left = Array.from(backends.keys()).filter((at) => !asked.includes(at));
  await inTurn(left.map((at) => () => ask(at)));

  expect(asked.toSorted((one, other) => one - other)).toEqual(Array.from({ length: told }, (_, at) => at));
  const { body } = await bench.api("GET", "/sessions?limit=1000");
  expect(body.data).toHaveLength(told);
  expect(body.data?.every(({ turns, running }) => turns === 2 && running === 0)).toBe(true);
  // Each process has a helper that watches over it.
  expect(childrenOf(bench.proxy().home, bench.proxy().pid).length).toBeLessThanOrEqual(2 * (live + 4));
  await bench.stop();
  if (told < wanted)
    console.log(`ABSENT time for ${wanted} sessions: there were ${told}; CCPROXY_TEST_LONG=1 takes the time for all`);
}, 600_000);

async function inTurn(work: readonly (() => Promise<void>)[]): Promise<void> {
  const rest = [...work];
  const worker = async (): Promise<void> => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) await next();
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
