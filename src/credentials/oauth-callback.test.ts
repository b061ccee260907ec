import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openOAuthCallback } from "./oauth-callback.ts";
import { oauthPage } from "./oauth-page.ts";

const directory = mkdtempSync(join(tmpdir(), "ccproxy-oauth-"));
const callback = openOAuthCallback(directory);
afterAll(() => rmSync(directory, { recursive: true }));
beforeEach(() => {
  for (const name of readdirSync(directory)) rmSync(join(directory, name));
});

const query = (text: string) => new URLSearchParams(text);
const minute = 60_000;

test('what comes back with the state is taken once, by whoever waits for it; proves("upstream-oauth-login")', () => {
  callback.expect("s", minute);
  // Another process of ours serves the page.
  const served = openOAuthCallback(directory);
  expect(callback.collect("s")).toBeUndefined();
  expect([served.receive(query("code=c&state=s")), served.receive(query("code=d&state=s"))]).toEqual([
    "taken",
    "unknown",
  ]);
  expect(callback.collect("other")).toBeUndefined();
  expect([callback.collect("s"), callback.collect("s")]).toEqual([{ code: "c" }, undefined]);
  expect(readdirSync(directory)).toEqual([]);
});

test("who does not know the state neither answers nor ends what waits", () => {
  callback.expect("s", minute);
  for (const other of ["code=c", "code=c&state=", "code=c&state=t", `code=c&state=${"s".repeat(99)}`])
    expect(callback.receive(query(other))).toBe("unknown");
  expect(callback.receive(query("state=s"))).toBe("empty");
  expect(callback.receive(query("code=c&state=s"))).toBe("taken");
});

test("a code that was appended to an address with a query of its own is found behind the state", () => {
  callback.expect("s", minute);
  expect(callback.receive(query("state=t?code=c"))).toBe("unknown");
  expect(callback.receive(query("state=s?code=a%2Bb%253D&more=1"))).toBe("taken");
  expect(callback.collect("s")).toEqual({ code: "a+b%3D" });
  callback.expect("s", minute);
  callback.receive(query("state=s?error=access_denied"));
  expect(callback.collect("s")).toEqual({ refusal: "access_denied" });
});

test("it waits for some minutes, and a later one takes its place", () => {
  callback.expect("s", -1);
  expect([callback.receive(query("code=c&state=s")), callback.collect("s")]).toEqual(["late", undefined]);
  callback.expect("s", minute);
  callback.expect("t", minute);
  expect([callback.receive(query("code=c&state=s")), callback.receive(query("code=c&state=t"))]).toEqual([
    "unknown",
    "taken",
  ]);
});

test("a refusal is told by its word, never by its text", () => {
  callback.expect("s", minute);
  callback.receive(query("error=access_denied&state=s"));
  expect(callback.collect("s")).toEqual({ refusal: "access_denied" });
  callback.expect("s", minute);
  callback.receive(query("error=%1B[2Jno&state=s"));
  expect(callback.collect("s")).toEqual({ refusal: "refused" });
});

test("what waits is its owner's alone to read, and has no state in it", () => {
  callback.expect("a-state-to-guess", minute);
  const [file = ""] = readdirSync(directory);
  expect((statSync(join(directory, file)).mode & 0o777).toString(8)).toBe("600");
  expect(readFileSync(join(directory, file), "utf8")).not.toContain("a-state-to-guess");
});

test("a page says how it went and what to do, and is kept nowhere", async () => {
  const pages = (["taken", "unknown", "late", "empty"] as const).map(oauthPage);
  expect(pages.map(({ status }) => status)).toEqual([200, 404, 410, 404]);
  for (const page of pages.slice(1)) expect(await page.text()).toContain("ccproxy auth login NAME --oauth");
  expect(pages[0]?.headers.get("cache-control")).toBe("no-store");
});

test("who gives up forgets its own, and not what another began meanwhile", () => {
  callback.expect("old", minute);
  callback.expect("new", minute);
  callback.forget("old");
  expect(callback.receive(query("code=c&state=new"))).toBe("taken");
  callback.forget("old");
  expect(callback.collect("new")).toEqual({ code: "c" });
  callback.expect("new", minute);
  callback.forget("new");
  expect(readdirSync(directory)).toEqual([]);
});
