/** Answers that are cut off after any of their bytes: nobody is told that half of one was all. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { type ByteUpstream, startByteUpstream } from "../support/byte-upstream.ts";
import { openProviderBench, type ProviderBench } from "../support/provider-bench.ts";
import {
  askWay,
  baseUrlOf,
  nameOf,
  providerFormats,
  readTold,
  requestOf,
  type Told,
  type Way,
  ways,
} from "../support/provider-ways.ts";
import { expectCutRow, untruthsOf } from "../support/told-truth.ts";

setDefaultTimeout(60_000);

let bench: ProviderBench;
let bytes: ByteUpstream;
beforeAll(async () => {
  bytes = startByteUpstream();
  bench = await openProviderBench({
    args: ["--log-level", "error"],
    config: () => ({
      providers: Object.fromEntries(
        providerFormats.map((format) => [
          `cut-${format}`,
          { base_url: baseUrlOf(format, bytes.url), wire_format: format, allow_private: true },
        ]),
      ),
    }),
  });
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  bytes.stop();
});

const text = "Grüße";

/** What the demo answers, byte for byte. */
async function record({ provider, stream }: Way): Promise<Uint8Array> {
  const { path, body } = requestOf(provider, `[[demo say ${text}]]`, stream);
  const response = await fetch(`${bench.demo.url}${path}`, {
    method: "POST",
    headers: { authorization: "Bearer demo" },
    body: JSON.stringify(body),
  });
  return new TextEncoder().encode((await response.text()).replaceAll(repetitions, ""));
}

/** What not every server says of a response: what was asked, and once more what was said already. */
const repetitions =
  /"background":.*?"model":"[^"]*",(?="output")|,"parallel_tool_calls":.*?"truncation":"disabled"|event: response\.(?:in_progress|output_text\.done|content_part\.done)\n.*\n\n|,"(?:annotations|logprobs)":\[\]/g;

/** Says the beginning that the prompt asks for. Every other one ends as if it were all; the rest break their frame. */
function sayBeginnings(recording: Uint8Array, stream: boolean): void {
  bytes.says(({ body }) => {
    const cut = Number(/cut (\d+)/.exec(body)?.[1]);
    return {
      headers: { "content-type": stream ? "text/event-stream" : "application/json" },
      body: [recording.subarray(0, cut)],
      framing: cut % 2 === 0 ? "until-close" : stream ? "chunked" : "length",
      ending: cut === recording.byteLength ? "whole" : "cut",
    };
  });
}

const atOnce = 40;

async function askAtEveryByte(way: Way, length: number): Promise<readonly Told[]> {
  const waiting = Array.from({ length: length + 1 }, (_, cut) => cut);
  const told: Told[] = [];
  const ask = async (): Promise<void> => {
    for (let cut = waiting.shift(); cut !== undefined; cut = waiting.shift())
      told[cut] = await askWay(bench, "cut", way, `cut ${cut}`);
  };
  await Promise.all(Array.from({ length: atOnce }, ask));
  return told;
}

const streamed = ways.filter(({ stream }) => stream);

// proves("stream-token-level")
test.each(streamed.map((way) => [nameOf(way), way] as const))(
  "%s: words are there before the rest",
  async (_name, way) => {
    const said = new TextDecoder().decode(await record(way));
    const end = said.indexOf("\n\n", said.indexOf("üße")) + 2;
    const rest = Promise.withResolvers<void>();
    bytes.says(() => ({
      headers: { "content-type": "text/event-stream" },
      framing: "chunked",
      body: [said.slice(0, end), said.slice(end)],
      pause: () => rest.promise,
    }));
    const { path, body } = requestOf(way.client, "Hello.", true);
    const { headers, body: stream } = await fetch(`${bench.proxy.url}/providers/cut-${way.provider}${path}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    let raw = "";
    for await (const chunk of stream?.pipeThrough(new TextDecoderStream()) ?? []) {
      raw += chunk;
      if (readTold({ way, raw, headers }).text === text) rest.resolve();
    }
    expect(readTold({ way, raw, headers })).toMatchObject({ ending: "whole", text });
  },
);

// proves("stream-late-error", "stream-one-terminal", "stream-true-status")
describe("cut after any byte", () => {
  test.each(ways.map((way) => [nameOf(way), way] as const))("%s", async (_name, way) => {
    const recording = await record(way);
    sayBeginnings(recording, way.stream);
    const before = bytes.heard.length;
    const told = await askAtEveryByte(way, recording.byteLength);
    const problems = told.flatMap((one, cut) => problemOf(one, recording.subarray(0, cut)));
    expect({ count: problems.length, some: problems.slice(0, 5) }).toEqual({ count: 0, some: [] });
    expect(told.at(-1)).toMatchObject({ status: 200, broke: false });
    // Once there is a byte, nobody asks again.
    expect(bytes.heard.length - before).toBe(told.length);
    expect(bytes.open()).toBe(0);
    for (const one of told) expectCutRow(bench, one);
    await bench.quiet();
  });

  test("each is one row that says so", () => bench.checkRows());
});

/** A shaped error, or the exact answer; what is passed on is not touched. */
function problemOf(told: Told, said: Uint8Array): readonly string[] {
  const { way, status, raw, requestId } = told;
  const untruths = untruthsOf(told, text, `after ${said.byteLength} bytes`);
  const isWhole = readTold(told).ending === "whole";
  if (untruths.length > 0 || isWhole || way.client !== way.provider || status === 502) return untruths;
  // Bun drops what comes with the end of a connection that breaks its frame.
  const passed = raw.slice(0, Math.max(0, raw.lastIndexOf("\n\n", raw.length - 3)));
  const isOurs = passed.includes(`resp_${requestId}`);
  return isOurs || new TextDecoder().decode(said).startsWith(passed) ? [] : [`other bytes after ${said.byteLength}`];
}
