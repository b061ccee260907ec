import { expect, test } from "bun:test";

import { createHostGuard } from "./host-guard.ts";

const url = "https://models.acme.example/v1";

function setUp(...answers: readonly (readonly string[] | Error)[]) {
  const clock = { now: 1 };
  const asked: string[] = [];
  const guard = createHostGuard({
    provider: "Acme",
    setting: "providers.acme.allow_private",
    addressesOf(name) {
      asked.push(name);
      const answer = answers[asked.length - 1] ?? [];
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    now: () => clock.now,
  });
  return { guard, asked, clock };
}

// proves("upstream-ssrf")
test("a public name that leads into a private network is refused, with what allows it", async () => {
  for (const addresses of [["10.0.0.1"], ["1.1.1.1", "::1"], ["64:ff9b::7f00:1"]])
    await expect(setUp(addresses).guard(url)).rejects.toMatchObject({
      kind: "unavailable",
      message: "models.acme.example leads to this machine or into a private network.",
      options: { hint: expect.stringContaining("providers.acme.allow_private = true") },
    });
});

test("one that leads outside is looked up again after a minute, and once for all that wait", async () => {
  const { guard, asked, clock } = setUp(["1.1.1.1"], ["127.0.0.1"]);
  await Promise.all([guard(url), guard(url)]);
  expect(guard(url)).toBeUndefined();
  expect(asked).toEqual(["models.acme.example"]);
  clock.now += 60_001;
  await expect(guard(url)).rejects.toMatchObject({ kind: "unavailable" });
});

test("one that is not found is so for this request alone", async () => {
  const { guard } = setUp(Object.assign(new Error("no"), { code: "ENOTFOUND" }), ["1.1.1.1"]);
  await expect(guard(url)).rejects.toMatchObject({
    kind: "upstream",
    message: "Acme could not be reached (ENOTFOUND).",
  });
  await guard(url);
});

test("an address is not looked up, and the system's own lookup is the one that counts", async () => {
  const { guard, asked } = setUp();
  expect([guard("http://1.1.1.1/"), guard("http://[2606:4700::1111]/")]).toEqual([undefined, undefined]);
  expect(asked).toEqual([]);
  const real = createHostGuard({ provider: "Acme", setting: "x" });
  await expect(real("http://localhost/")).rejects.toMatchObject({ kind: "unavailable" });
});
