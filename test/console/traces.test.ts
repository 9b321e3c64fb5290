/** The view Traces in Chromium, in front of a gateway. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, launchChromium, needsChromium } from "./open-page.ts";
import { startConsole } from "./start-console.ts";

const waiting = { timeout: 20_000 };

describe.skipIf(!hasChromium)(`the view Traces (${needsChromium})`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  it("finds an exchange by its trace id, and opens it with its waterfall", async () => {
    const { page, problems, url, call, post } = await startConsole(browser);
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    await page.getByRole("link", { name: "Traces", exact: true }).first().click();
    await call(3);
    await post(url, "tools/call", { name: "nothing", arguments: {} }, { traceparent });
    await post(url, "tools/call", { name: "echo", arguments: {} }, { traceparent });
    await page.getByText("5 of 5 exchanges").waitFor();
    await page.getByLabel("Search").fill(traceId.slice(0, 12));
    await page.getByText("2 of 5 exchanges").waitFor();
    await page.getByRole("link", { name: /^echo/ }).click();
    const panel = page.getByRole("complementary");
    await panel.getByRole("heading", { name: "echo" }).waitFor();
    expect(await panel.locator(".waterfall li").allTextContents()).toEqual([
      expect.stringContaining("tools/call"),
      expect.stringMatching(/places [12]/),
    ]);
    await panel.getByRole("link", { name: "nothing" }).click();
    await panel.getByRole("heading", { name: "nothing" }).waitFor();
    expect(problems).toEqual([]);
  });

  it("shows failures alone, and opens the same exchange after a reload", async () => {
    const { page, url, call, post } = await startConsole(browser);
    await call(2);
    await post(url, "unknown/method");
    await page.getByRole("link", { name: "Traces", exact: true }).first().click();
    await page.getByText("3 of 3 exchanges").waitFor();
    await page.getByRole("button", { name: "Errors" }).click();
    await page.getByText("1 of 3 exchanges").waitFor();
    await page.getByRole("link", { name: /^unknown\/method/ }).click();
    await page.getByRole("complementary").getByText("Error code").waitFor();
    expect(page.url()).toContain("kind=errors");
    await page.reload();
    await page.getByRole("complementary").getByText("Error code").waitFor();
    await page.getByText("1 of 3 exchanges").waitFor();
    await page.getByRole("button", { name: "Close the exchange" }).click();
    await page.getByRole("complementary").waitFor({ state: "detached" });
  });

  it("moves through the exchanges with the arrow keys", async () => {
    const { page, call } = await startConsole(browser);
    await call(3);
    await page.getByRole("link", { name: "Traces", exact: true }).first().click();
    await page.getByText("3 of 3 exchanges").waitFor();
    await page.locator("[data-exchange='3']").click();
    await page.locator("[data-exchange='3']").press("ArrowDown");
    await page.getByRole("complementary", { name: "Exchange 2" }).waitFor();
    await expect.poll(() => page.evaluate(focused), waiting).toBe("2");
    await page.keyboard.press("ArrowDown");
    await page.getByRole("complementary", { name: "Exchange 1" }).waitFor();
  });

  it("keeps the list still while it is paused", async () => {
    const { page, call } = await startConsole(browser);
    await call(2);
    await page.getByRole("link", { name: "Traces", exact: true }).first().click();
    await page.getByText("2 of 2 exchanges").waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await call(3);
    await page.getByRole("button", { name: "Follow (3 new)" }).click();
    await page.getByText("5 of 5 exchanges").waitFor();
    expect(await page.getByRole("button", { name: "Pause" }).count()).toBe(1);
  });

  it("shows the messages that the gateway keeps, without their arguments", async () => {
    const console = { messages: "masked" } as const;
    const { page, url, post } = await startConsole(browser, { admin: { port: 0, console } });
    await post(url, "tools/call", { name: "echo", arguments: { city: "Bergen" } });
    await page.getByRole("link", { name: "Traces", exact: true }).first().click();
    await page.getByRole("link", { name: /^echo/ }).click();
    const messages = page.getByRole("region", { name: "Messages" });
    await messages.getByText("••• 6 characters").waitFor();
    expect(await messages.textContent()).not.toContain("Bergen");
  });
});

function focused(): string | undefined {
  const { activeElement } = document;
  return activeElement instanceof HTMLElement ? activeElement.dataset.exchange : undefined;
}
