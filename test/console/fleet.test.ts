/** The view Fleet in Chromium, in front of a gateway. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, launchChromium, needsChromium } from "./open-page.ts";
import { startConsole } from "./start-console.ts";

const waiting = { timeout: 20_000 };

describe.skipIf(!hasChromium)(`the view Fleet (${needsChromium})`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  it("shows the load of replicas live", async () => {
    const { page, problems, call } = await startConsole(browser);
    const upstream = page.getByRole("region", { name: "Upstream places" });
    await upstream.waitFor();
    await call(6);
    const shown = page.locator(".figures > div", { hasText: "Errors" });
    await expect.poll(() => shown.textContent(), waiting).toContain("0 of 6");
    expect(await upstream.getByRole("row").count()).toBe(3);
    await expect.poll(() => upstream.getByText("up", { exact: true }).count(), waiting).toBe(2);
    expect(problems).toEqual([]);
  });

  it("drains a replica by click, and readmits it", async () => {
    const { page, problems, replicas, call } = await startConsole(browser);
    const [one, two] = replicas;
    await page.getByRole("button", { name: "Drain replica 1 of places" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("heading", { name: "Drain replica 1 of places?" }).waitFor();
    await dialog.getByRole("button", { name: "Drain" }).click();
    const readmit = page.getByRole("button", { name: "Readmit replica 1 of places" });
    await readmit.waitFor();
    await page.getByText("drained", { exact: true }).waitFor();
    const answers = await call(8);
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect([one.calls(), two.calls()]).toEqual([0, 8]);
    await readmit.click();
    await page.getByRole("dialog").getByRole("button", { name: "Readmit" }).click();
    await page.getByRole("button", { name: "Drain replica 1 of places" }).waitFor();
    await call(8);
    expect(one.calls()).toBe(4);
    expect(problems).toEqual([]);
  });

  it("does nothing when the dialog is cancelled, by click or by Escape", async () => {
    const { page } = await startConsole(browser);
    const drain = page.getByRole("button", { name: "Drain replica 2 of places" });
    await drain.click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await drain.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    expect(await page.getByText("drained", { exact: true }).count()).toBe(0);
  });

  it("explains which route a request takes, and keeps the question in the address", async () => {
    const { page } = await startConsole(browser, {
      routes: [{ match: { name: "secret_*" }, deny: "internal" }, { to: "places" }],
    });
    await page.getByRole("tab", { name: "Routes and limits" }).click();
    await page.getByLabel("Name or URI").fill("secret_plan");
    await page.getByRole("button", { name: "Explain" }).click();
    const explanation = page.getByRole("region", { name: "Explanation" });
    await explanation.getByText("=> refused with 403: internal").waitFor();
    expect(page.url()).toContain("name=secret_plan");
    await page.reload();
    expect(await page.getByLabel("Name or URI").inputValue()).toBe("secret_plan");
  });

  it("lists and evicts cached responses", async () => {
    const { page, url, post } = await startConsole(browser);
    await post(url, "tools/list");
    await page.getByRole("tab", { name: "Cache" }).click();
    await page.getByRole("button", { name: "Evict tools/list of places" }).click();
    await page.getByText("The cache is empty.").waitFor();
    await post(url, "tools/list");
    await page.getByRole("button", { name: "Evict tools/list of places" }).waitFor();
    await page.getByRole("button", { name: "Evict all responses" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Evict all" }).click();
    await page.getByText("The cache is empty.").waitFor();
    expect(await page.getByRole("button", { name: /^Evict tools/ }).count()).toBe(0);
  });

  it("moves between the tabs with the arrow keys", async () => {
    const { page } = await startConsole(browser);
    await page.getByRole("tab", { name: "Upstreams" }).press("ArrowRight");
    await page.getByRole("heading", { name: "What matches this request?" }).waitFor();
    await page.keyboard.press("End");
    await page.getByRole("heading", { name: "Can it be switched off?" }).waitFor();
    expect(page.url()).toContain("#/fleet/eras");
  });

  it("asks for the link in a window that has not signed in", async () => {
    const { link } = await startConsole(browser);
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(link.replace(/#.*/, ""));
    await page.getByRole("textbox").waitFor();
    expect(await page.getByRole("navigation").count()).toBe(0);
    await context.close();
  });
});
