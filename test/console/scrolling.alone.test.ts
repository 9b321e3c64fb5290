/** Lists of 500 entries. */
import { describe, expect, it } from "vitest";
import { hasChromium, inspect, needsChromium, openPage } from "./in-browser.ts";

/** Maximum time between two frames, in milliseconds. A longer one is seen as a stop. */
const maxFrameMs = 100;

describe.skipIf(!hasChromium)(`500 tools (${needsChromium})`, () => {
  it("scroll without a frame over 100 ms, and are never all in the document", async () => {
    const { link } = await inspect("many-tools.mjs");
    const { page } = await openPage(link);
    await page.getByRole("link", { name: /tool-001/ }).waitFor();
    const scroll = () =>
      page.evaluate(async () => {
        const box = document.querySelector(".sidebar .windowed");
        if (box === null) throw new Error("no list");
        const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
        box.scrollTop = 0;
        let last = await frame();
        let longest = 0;
        let most = 0;
        while (box.scrollTop + box.clientHeight < box.scrollHeight - 1) {
          box.scrollTop += 250;
          const now = await frame();
          longest = Math.max(longest, now - last);
          most = Math.max(most, box.querySelectorAll("li").length);
          last = now;
        }
        return { longest, most };
      });
    // The first run also compiles the code; another program may have had the processor.
    const runs = [await scroll(), await scroll(), await scroll()];
    expect(Math.min(...runs.map(({ longest }) => longest))).toBeLessThan(maxFrameMs);
    expect(Math.max(...runs.map(({ most }) => most))).toBeLessThan(60);
    await page.getByRole("link", { name: /tool-500/ }).waitFor();
  });

  it("are searched as the user types", async () => {
    const { link } = await inspect("many-tools.mjs");
    const { page } = await openPage(link);
    await page.getByLabel("Search tools").fill("tool-49");
    await page.getByRole("link", { name: /tool-499/ }).waitFor();
    expect(await page.locator(".sidebar .windowed li").count()).toBe(10);
  });
});
