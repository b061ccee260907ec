/** The approvals page of the compiled binary in a real browser, with the real CLI behind it. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { type Browser, chromium, type Locator, type Page } from "playwright-core";

import { findHelper } from "../../scripts/lib/absent.ts";
import { openHandler, toolPrompt } from "./support/approvals.ts";
import { type ClientBench, openClientBench } from "./support/client-bench.ts";

setDefaultTimeout(60_000);
const chromiumPath = findHelper("chromium");
const token = "a-token-for-the-browser";
/** Clicks that come sooner after a call is shown are meant for something else. */
const settledMs = 700;

describe.skipIf(chromiumPath === undefined)("in a browser", () => {
  let bench: ClientBench;
  let browser: Browser;
  let page: Page;
  let files = 0;
  const requested: string[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    bench = await openClientBench({
      args: ["--approvals", "--auth-token", token],
      env: { CCPROXY__APPROVALS__TIMEOUT_SECONDS: "12" },
    });
    browser = await chromium.launch({ executablePath: chromiumPath ?? "", args: ["--no-sandbox"] });
    page = await browser.newPage();
    page.on("request", (request) => requested.push(request.url()));
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
  });
  afterAll(async () => {
    await browser.close();
    await bench.end();
  });

  /** The newest call on the page, once it is there and takes clicks. */
  async function shown(file: string): Promise<Locator> {
    const call = page.locator("article", { hasText: file }).last();
    await call.waitFor();
    await Bun.sleep(settledMs);
    return call;
  }
  function newFile(): string {
    files += 1;
    return join(bench.proxy.cwd, `page-${files}.txt`);
  }
  async function write(file: string, content = "as asked"): Promise<unknown> {
    const { anthropic } = bench.clients("agent", { apiKey: token });
    const messages = [{ role: "user" as const, content: toolPrompt("Write", { file_path: file, content }) }];
    return await anthropic.messages.create({ model: "claude-sonnet-5-5", max_tokens: 999, messages });
  }

  test("the page asks for the access token and keeps it to itself", async () => {
    await page.goto(`${bench.proxy.url}/permissions/ui`);
    await page.locator("#token").fill("not the token");
    await page.locator("#access button").click();
    await page.locator("#status", { hasText: "The access token is wrong." }).waitFor();
    await page.locator("#token").fill(token);
    await page.locator("#access button").click();
    await page.locator("#status", { hasText: "connected" }).waitFor();
    const kept = "JSON.stringify([localStorage.length, sessionStorage.length, document.cookie])";
    expect(await page.evaluate<string>(kept)).toBe('[0,0,""]');
    // The refusals themselves.
    expect(complaints.filter((text) => !text.includes("401"))).toEqual([]);
    complaints.length = 0;
  });

  test('a call is allowed, with its change before one\'s eyes; proves("tool-approval")', async () => {
    const file = newFile();
    const answered = write(file, "as asked\n<b>not bold</b>");
    const call = await shown(file);
    expect(await call.locator(".added").allTextContents()).toContain("+<b>not bold</b>");
    expect(await call.locator(".left").textContent()).toMatch(/denied in \d+ s/);
    expect(await page.title()).toBe("(1) ccproxy approvals");
    await call.locator(".allow").click();
    await answered;
    expect(readFileSync(file, "utf8")).toBe("as asked\n<b>not bold</b>");
    await call.locator(".left", { hasText: "allowed" }).waitFor();
  });

  test("a call is denied with a message", async () => {
    const file = newFile();
    const answered = write(file);
    const call = await shown(file);
    await call.locator(".message").fill("Not from here.");
    await call.locator(".deny").click();
    await answered;
    expect(existsSync(file)).toBe(false);
    expect(JSON.stringify(bench.lastAsked().messages)).toContain("Not from here.");
  });

  test("a call is edited, and what is no JSON is not sent", async () => {
    const file = newFile();
    const answered = write(file);
    const call = await shown(file);
    await call.locator("textarea").fill("{");
    await call.locator(".allow").click();
    await call.locator(".fault", { hasText: "no JSON" }).waitFor();
    await call.locator("textarea").fill(JSON.stringify({ file_path: file, content: "as edited" }));
    await call.locator(".allow").click();
    await answered;
    expect(readFileSync(file, "utf8")).toBe("as edited");
  });

  test("a call expires", async () => {
    const file = newFile();
    const answered = write(file);
    const call = await shown(file);
    await call.locator(".left", { hasText: "expired" }).waitFor();
    await answered;
    expect(existsSync(file)).toBe(false);
    expect(await call.locator(".allow").isDisabled()).toBe(true);
  });

  test("another handler's word is seen at once, on every page", async () => {
    const handler = await openHandler(bench.proxy.url, { authorization: `Bearer ${token}` });
    const file = newFile();
    const answered = write(file);
    const call = await shown(file);
    await handler.respond((await handler.event("permission_request")).request_id, { allowed: true });
    await call.locator(".left", { hasText: "allowed" }).waitFor();
    await answered;
    expect(existsSync(file)).toBe(true);
    handler.leave();
  });

  test("the page works without the network, within its policy", () => {
    expect(requested.filter((url) => !url.startsWith(`${bench.proxy.url}/`) && !url.startsWith("data:"))).toEqual([]);
    expect(requested.some((url) => url.includes(token))).toBe(false);
    expect(complaints).toEqual([]);
  });
});
