/** A program of its own: opens so many streams, says so, and holds them until it is ended. */
import * as v from "valibot";

const askedSchema = v.object({ url: v.string(), wanted: v.number(), init: v.looseObject({}) });
const { url, wanted, init } = v.parse(askedSchema, JSON.parse(process.argv[2] ?? "{}"));
const readers: unknown[] = [];

async function open(): Promise<void> {
  const response = await fetch(url, init);
  const reader = response.body?.getReader();
  await reader?.read();
  readers.push(reader);
}

const atOnce = 50;
while (readers.length < wanted)
  await Promise.all(Array.from({ length: Math.min(atOnce, wanted - readers.length) }, open));
console.log(readers.length);
setInterval(() => readers.length, 1000);
