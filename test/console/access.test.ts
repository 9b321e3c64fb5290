/** The console for people who use a keyboard, a screen reader, a phone, or dark colours. */
import { describe, expect, it } from "vitest";
import { compiled } from "../compiled.ts";
import {
  hasChromium,
  inspect,
  needsChromium,
  type Opened,
  openPage,
  seriousFindings,
  shoot,
  timeout,
} from "./in-browser.ts";

const module = compiled(new URL("fixtures/shown-server.ts", import.meta.url));
const phone = 390;

/** The places of the page, with the ways to them. */
const places: readonly (readonly [name: string, open: (opened: Opened) => Promise<void>])[] = [
  ["server", ({ go }) => go("#/explore/server")],
  ["tool", ({ go }) => go("#/explore/tools/places")],
  [
    "result",
    async ({ page }) => {
      await page.getByLabel("query").fill("Li");
      await page.getByRole("button", { name: "Call", exact: true }).click();
      await page.locator(".run table").waitFor();
    },
  ],
  [
    "question",
    async ({ call, page }) => {
      await call("ask");
      await page.getByLabel("Guests").waitFor();
    },
  ],
  [
    "messages",
    async ({ page }) => {
      await page.getByRole("tab", { name: /Messages/ }).click();
      await page.locator(".messages summary").first().click();
    },
  ],
  ["code", ({ page }) => page.getByRole("tab", { name: "Code" }).click()],
  ["prompt", ({ go }) => go("#/explore/prompts/plan")],
  ["history", ({ go }) => go("#/explore/history")],
  ["session", ({ go }) => go("#/explore/messages")],
];

describe.skipIf(!hasChromium)(`the page of the console (${needsChromium})`, () => {
  it.each([
    ["light", 1280],
    ["dark", 1280],
    ["light", phone],
    ["dark", phone],
  ] as const)("has no serious finding of axe-core: %s, %i pixels", async (colorScheme, width) => {
    const { link } = await inspect(module);
    const opened = await openPage(link, { colorScheme, width });
    const { page } = opened;
    await page.locator(".sidebar .entry-link").first().waitFor();
    await shoot(page, `${colorScheme}-${width}-lists`);
    expect(await seriousFindings(page)).toEqual([]);
    for (const [name, open] of places) {
      await open(opened);
      await page.locator("h1").first().waitFor();
      await shoot(page, `${colorScheme}-${width}-${name}`);
      expect(await seriousFindings(page), name).toEqual([]);
      const found = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(found, `${name} is wider than its window`).toBeLessThanOrEqual(width);
    }
  });

  it("can be used with the keyboard alone", async () => {
    const { link } = await inspect(module);
    const { page } = await openPage(link);
    await page.locator(".sidebar .entry-link").first().waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(
      "Skip to the content",
    );
    await page.getByRole("link", { name: /^markdown/ }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "markdown" }).waitFor();
    await page.getByRole("button", { name: "Call", exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("tab", { name: "Result" }).focus();
    await page.keyboard.press("ArrowRight");
    const selected = page.getByRole("tab", { selected: true });
    await expect.poll(() => selected.textContent(), { timeout }).toMatch(/Messages/);
    await page.keyboard.press("End");
    await expect.poll(() => selected.textContent(), { timeout }).toBe("Code");
  });

  it("tells screen readers of the end of a call", async () => {
    const { link } = await inspect(module);
    const { page, call } = await openPage(link);
    await call("fail");
    await expect
      .poll(() => page.getByRole("status").textContent(), { timeout })
      .toBe("fail: failed");
  });

  it("remembers the theme that was chosen", async () => {
    const { link } = await inspect(module);
    const { page } = await openPage(link);
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await page.getByRole("button", { name: /Switch to light/ }).click();
    await page.getByRole("button", { name: /Switch to dark/ }).click();
    const dark = await background();
    expect(dark).not.toBe(light);
    await page.reload();
    await page.getByRole("button", { name: /Theme: dark/ }).waitFor();
    expect(await background()).toBe(dark);
  });
});
