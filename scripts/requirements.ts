/** `bun run requirements`: which rows of test/requirements.ts the tests prove, and which not yet. */
import { requirements } from "../test/requirements.ts";
import { findCitations } from "./lib/citations.ts";

const citations = await findCitations();
const filesOf = (id: string): string[] => [...new Set(citations.filter((c) => c.id === id).map(({ file }) => file))];
const promised = requirements.filter(({ status }) => status === undefined);
const planned = requirements.filter(({ status }) => status === "planned");
const proven = promised.filter(({ id }) => filesOf(id).length > 0);
const open = promised.filter(({ id }) => filesOf(id).length === 0);

console.log("Proven");
for (const { id } of proven) console.log(`  ✓ ${id.padEnd(26)} ${filesOf(id).join(" ")}`);
console.log("\nNot proven");
for (const { id, behaviour } of open) console.log(`  ✗ ${id.padEnd(26)} ${behaviour}`);
console.log("\nPlanned");
for (const { id, behaviour } of planned) console.log(`  · ${id.padEnd(26)} ${behaviour}`);
console.log(`\n${proven.length} of ${promised.length} proven, ${open.length} not proven, ${planned.length} planned`);
