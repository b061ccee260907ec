/** The documentation page of the compiled binary in a real browser, with the real CLI behind it. */
import { afterAll, beforeAll, expect, test } from "bun:test";

import { type Browser, chromium, type Page } from "playwright-core";

import { findHelper } from "../../scripts/lib/absent.ts";
import { type Proxy, startProxy } from "./support/proxy.ts";

const chromiumPath = findHelper("chromium");
const token = "a-token-for-the-browser";

let proxy: Proxy;
let browser: Browser;
/** Of both tests: a browser without a graphics card takes seconds to draw it. */
let page: Page;
const requested: string[] = [];
const complaints: string[] = [];

beforeAll(async () => {
  if (chromiumPath === undefined) return;
  proxy = await startProxy({ args: ["--auth-token", token, "--pool-size", "0"] });
  browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] });
  page = await browser.newPage();
  page.on("request", (request) => requested.push(request.url()));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(`${proxy.url}/swagger`);
  await page.waitForSelector(".opblock");
}, 60_000);

afterAll(async () => {
  if (chromiumPath === undefined) return;
  await browser.close();
  await proxy.stop();
}, 60_000);

async function authorize(): Promise<void> {
  await page.locator(".auth-wrapper .authorize").first().click();
  await page.locator(".auth-container input").first().fill(token);
  await page.locator(".auth-container .authorize").first().click();
  await page.locator(".btn-done").first().click();
}

async function expand(operation: string): Promise<void> {
  await page.locator(`#operations-${operation} .opblock-summary-control`).click();
}

/** Sends the first example of an operation as it is, and gives the status the page shows. */
async function execute(operation: string): Promise<string> {
  const block = page.locator(`#operations-${operation}`);
  await block.locator("button.execute").click();
  const status = block.locator(".live-responses-table .response-col_status").nth(1);
  return (await status.textContent({ timeout: 30_000 })) ?? "";
}

test.skipIf(chromiumPath === undefined)(
  "without the token an example shows the refusal, and with it the answer or the stream",
  async () => {
    const operation = "OpenAI-createChatCompletion";
    const block = page.locator(`#operations-${operation}`);
    await expand(operation);
    expect(await execute(operation)).toBe("401");
    const shown = block.locator(".live-responses-table .response-col_description .microlight").first();
    expect(await shown.textContent()).toContain("An access token is needed");
    // The browser says what it was refused.
    expect(complaints.splice(0)).toEqual([expect.stringContaining("401")]);
    await authorize();
    await block.locator("button.execute").click();
    await block.locator(".live-responses-table .response-col_status", { hasText: "200" }).waitFor();
    await block.locator(".examples-select select").first().selectOption({ label: "Streamed, with usage at the end" });
    await block.locator("button.execute").click();
    await block.locator(".live-responses-table", { hasText: "[DONE]" }).waitFor();
  },
  120_000,
);

// proves("api-openapi")
test.skipIf(chromiumPath === undefined)(
  "the page works without the network: operations expand, and Execute answers 200",
  async () => {
    for (const operation of [
      "Health-getHealth",
      "Models-listModels",
      "Anthropic-createMessage",
      "Anthropic-countMessageTokens",
    ]) {
      await expand(operation);
      expect([operation, await execute(operation)]).toEqual([operation, "200"]);
    }
    expect(requested.filter((url) => !url.startsWith(`${proxy.url}/`) && !url.startsWith("data:"))).toEqual([]);
    expect(complaints).toEqual([]);
  },
  120_000,
);
