/** The view Traces with 10,000 exchanges: the work for a frame while it scrolls. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, launchChromium, needsChromium } from "./open-page.ts";
import { startConsole } from "./start-console.ts";

const count = 10_000;
/** Calls that are sent at a time. */
const parallel = 20;
/** Maximum time of the page's thread for a frame, in milliseconds. */
const maxFrameMs = 100;
/** Number of places in the list to which the test scrolls. */
const steps = 120;

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
    expect(await longestFrameMs(page)).toBeLessThan(maxFrameMs);
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

/**
 * Scrolls through the whole list in steps, and returns the processor time of the longest frame. Its
 * duration by the clock would depend on the other programs of the machine.
 */
async function longestFrameMs(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const spentMs = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return 1000 * (metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN);
  };
  let longest = 0;
  for (let step = 0; step <= steps; step += 1) {
    const before = await spentMs();
    await page.evaluate(scrollTo, step / steps);
    longest = Math.max(longest, (await spentMs()) - before);
  }
  await session.detach();
  return Math.round(longest);
}

/** Scrolls to a share of the list, and resolves once two frames have been drawn. */
async function scrollTo(share: number): Promise<void> {
  const list = document.querySelector(".windowed");
  if (list === null) throw new Error("expected a list");
  const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
  list.scrollTop = share * list.scrollHeight;
  await frame();
  await frame();
}
