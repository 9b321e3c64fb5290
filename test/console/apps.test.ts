/** An app of a server in the view Explore, in Chromium. */
import { describe, expect, it } from "vitest";
import { compiled } from "../compiled.ts";
import {
  hasChromium,
  inspect,
  needsChromium,
  openPage,
  seriousFindings,
  shoot,
  timeout,
} from "./in-browser.ts";

const module = compiled(new URL("fixtures/shown-app.ts", import.meta.url));
const poll = { timeout };

describe.skipIf(!hasChromium)(`an app in Explore (${needsChromium})`, () => {
  it("runs in a sandbox on another origin, and its requests are those of the call", async () => {
    const { link } = await inspect(module);
    const { page, call, frameOrigins } = await openPage(link, { showsApps: true });
    const loaded: string[] = [];
    page.on("response", (response) => void loaded.push(response.url()));
    await call("show_trip");
    const view = page.frameLocator("mcp-app iframe").frameLocator("iframe");
    await expect.poll(() => view.locator("li").allTextContents(), poll).toEqual(["Lisbon"]);

    // The page, its cookie and its token are out of reach.
    expect(frameOrigins().size).toBe(1);
    const inside = await view.locator("body").evaluate(() => {
      const reach = (read: () => unknown) => {
        try {
          return String(read());
        } catch {
          return "refused";
        }
      };
      return [
        self.origin,
        reach(() => document.cookie),
        reach(() => parent.document),
        reach(() => top?.document),
      ];
    });
    expect(inside).toEqual(["null", "refused", "refused", "refused"]);

    // A question of the server to the view is answered in the panel of the call.
    await view.getByRole("button", { name: "Add a stop" }).click();
    const question = page.getByRole("region", { name: "Question of the server" });
    await question.getByText("Add Lagos?").waitFor();
    await question.getByRole("button", { name: "Send" }).click();
    await expect.poll(() => view.locator("#said").textContent(), poll).toBe("added");
    expect(await view.locator("li").allTextContents()).toEqual(["Lisbon", "Lagos"]);

    await view.getByRole("button", { name: "Call a tool of the model" }).click();
    await expect
      .poll(() => view.locator("#said").textContent(), poll)
      .toContain("expected one that apps may call");

    await view.getByRole("button", { name: "Open a page" }).click();
    const asked = page.getByRole("region", { name: "Question of the app" });
    await asked.getByText("https://example.com/lagos").waitFor();
    await asked.getByRole("button", { name: "Decline" }).click();
    await expect
      .poll(() => view.locator("#said").textContent(), poll)
      .toContain("the host did not allow it");

    await page.getByText("Messages of the app").click();
    const messages = page.getByRole("list", { name: "Messages of the app" });
    await messages.getByText("ui/update-model-context").waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    expect(loaded.some((url) => url.includes("/chunks/app-view-"))).toBe(true);
    await page.getByRole("tab", { name: /Messages/ }).click();
    const sent = page.locator(".messages > li");
    await expect.poll(() => sent.filter({ hasText: "add_stop" }).count(), poll).toBeGreaterThan(0);
  });

  it.each(["light", "dark"] as const)("has the theme of the page: %s", async (colorScheme) => {
    const { link } = await inspect(module);
    const { page, call } = await openPage(link, { showsApps: true, colorScheme });
    await call("show_trip");
    const view = page.frameLocator("mcp-app iframe").frameLocator("iframe");
    await view.locator("li").first().waitFor();
    const themeOf = () => view.locator("html").getAttribute("data-theme");
    await expect.poll(themeOf, poll).toBe(colorScheme);
    await shoot(page, `app-${colorScheme}`);
    // The theme of the page changes from that of the system to light, and then to dark.
    await page.getByRole("button", { name: /^Theme/ }).click();
    await expect.poll(themeOf, poll).toBe("light");
    await page.getByRole("button", { name: /^Theme/ }).click();
    await expect.poll(themeOf, poll).toBe("dark");
    await shoot(page, `app-${colorScheme}-then-dark`);
  });
});
