/** The view Traces with 10,000 exchanges: the time between two frames while it scrolls. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, launchChromium, needsChromium } from "./open-page.ts";
import { startConsole } from "./start-console.ts";

const count = 10_000;
/** Calls that are sent at a time. */
const parallel = 20;
/** Maximum time between two frames, in milliseconds. */
const maxFrameMs = 100;
/** Another program can delay a frame, so the best of several passes counts. */
const passes = 4;

describe.skipIf(!hasChromium)(`a long list (${needsChromium})`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  it("scrolls through 10,000 exchanges without a long frame", { timeout: 180_000 }, async () => {
    const admin = { port: 0, console: { exchanges: count, maxBytes: 50_000_000 } };
    const { page, url } = await startConsole(browser, { admin });
    await page.getByRole("link", { name: "Traces", exact: true }).first().click();
    await page.getByText("No request has ended yet.").waitFor();
    await fill(url);
    await page.getByText("10,000 of 10,000 exchanges").waitFor({ timeout: 60_000 });
    expect(await page.locator("a.exchange").count()).toBeLessThan(60);
    const longest: number[] = [];
    for (let pass = 0; pass < passes; pass += 1) longest.push(await longestFrameMs(page));
    expect(Math.min(...longest), `frames took ${longest.join(", ")} ms`).toBeLessThan(maxFrameMs);
    expect(await page.locator("a.exchange").count()).toBeLessThan(60);
  });
});

/** Sends requests that the gateway answers itself, so that its exchanges fill up quickly. */
async function fill(url: string): Promise<void> {
  let sent = 0;
  const headers = { "content-type": "application/json", "mcp-protocol-version": "2026-07-28" };
  const send = async () => {
    while (sent < count) {
      sent += 1;
      const own = { ...headers, "mcp-method": "tools/call", "mcp-name": `tool ${sent}` };
      await (await fetch(url, { method: "POST", headers: own, body: "{}" })).text();
    }
  };
  await Promise.all(Array.from({ length: parallel }, send));
}

/** Scrolls through the whole list in steps, and returns the longest time between two frames. */
function longestFrameMs(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const list = document.querySelector(".windowed");
    if (list === null) throw new Error("expected a list");
    const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
    list.scrollTop = 0;
    let before = await frame();
    let longest = 0;
    const steps = 120;
    for (let step = 1; step <= steps; step += 1) {
      list.scrollTop = (step / steps) * list.scrollHeight;
      const now = await frame();
      longest = Math.max(longest, now - before);
      before = now;
    }
    return Math.round(longest);
  });
}
