/** The documentation page of the compiled binary in a real browser, with the real CLI behind it. */
import { afterAll, beforeAll, expect, test } from "bun:test";

import { type Browser, chromium, type Page } from "playwright-core";

import { findHelper } from "../../scripts/lib/absent.ts";
import { type Proxy, startProxy } from "./support/proxy.ts";

const chromiumPath = findHelper("chromium");
const token = "a-token-for-the-browser";

let proxy: Proxy;
let browser: Browser;

beforeAll(async () => {
  if (chromiumPath === undefined) return;
  proxy = await startProxy({ args: ["--auth-token", token] });
  browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] });
}, 60_000);

afterAll(async () => {
  if (chromiumPath === undefined) return;
  await browser.close();
  await proxy.stop();
}, 60_000);

async function openPage(): Promise<{ page: Page; requested: string[]; complaints: string[] }> {
  const page = await browser.newPage();
  const requested: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => requested.push(request.url()));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(`${proxy.url}/swagger`);
  await page.waitForSelector(".opblock");
  return { page, requested, complaints };
}

async function authorize(page: Page): Promise<void> {
  await page.locator(".auth-wrapper .authorize").first().click();
  await page.locator(".auth-container input").first().fill(token);
  await page.locator(".auth-container .authorize").first().click();
  await page.locator(".btn-done").first().click();
}

/** Expands an operation, sends its first example as it is, and gives the status the page shows. */
async function execute(page: Page, operation: string): Promise<string> {
  const block = page.locator(`#operations-${operation}`);
  await block.locator(".opblock-summary-control").click();
  await block.locator("button.execute").click();
  const status = block.locator(".live-responses-table .response-col_status").nth(1);
  return (await status.textContent({ timeout: 30_000 })) ?? "";
}

// proves("api-openapi")
test.skipIf(chromiumPath === undefined)(
  "the page works without the network: operations expand, and Execute answers 200",
  async () => {
    const { page, requested, complaints } = await openPage();
    await authorize(page);
    for (const operation of [
      "Health-getHealth",
      "Models-listModels",
      "OpenAI-createChatCompletion",
      "Anthropic-createMessage",
      "Anthropic-countMessageTokens",
    ])
      expect([operation, await execute(page, operation)]).toEqual([operation, "200"]);
    expect(requested.filter((url) => !url.startsWith(`${proxy.url}/`) && !url.startsWith("data:"))).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  },
  120_000,
);

test.skipIf(chromiumPath === undefined)(
  "a streamed example shows its stream, and without the token the refusal",
  async () => {
    const { page } = await openPage();
    const block = page.locator("#operations-OpenAI-createChatCompletion");
    const shown = block.locator(".live-responses-table .response-col_description .microlight").first();
    expect(await execute(page, "OpenAI-createChatCompletion")).toBe("401");
    expect(await shown.textContent()).toContain("An access token is needed");
    await authorize(page);
    await block.locator(".examples-select select").first().selectOption({ label: "Streamed, with usage at the end" });
    await block.locator("button.execute").click();
    await block.locator(".live-responses-table", { hasText: "[DONE]" }).waitFor();
    await page.close();
  },
  60_000,
);
