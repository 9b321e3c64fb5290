/** A user with Chromium at the pages of the gateway and of authorization servers. */
import type { BrowserContext, Page } from "playwright-core";
import { launchChromium } from "../../apps/chromium.ts";

/** Maximum time for one change of a page, in milliseconds. */
const timeout = 60_000;

/** The windows of one browser. Each has cookies of its own. */
export interface Windows {
  /** Opens a window. Requests that leave this machine fail. */
  readonly open: () => Promise<BrowserContext>;
  readonly close: () => Promise<void>;
}

/** Starts Chromium. */
export async function startWindows(): Promise<Windows> {
  const browser = await launchChromium();
  return {
    open: async () => {
      const window = await browser.newContext();
      window.setDefaultTimeout(timeout);
      // The pages of the authorization server ask for a font.
      await window.route(
        ({ hostname }) => hostname !== "127.0.0.1",
        (route) => route.abort(),
      );
      return window;
    },
    close: () => browser.close(),
  };
}

/** Opens a page in a new tab. */
export async function openTab(window: BrowserContext, url: string): Promise<Page> {
  const page = await window.newPage();
  await page.goto(url);
  return page;
}

/** Sends the form of an authorization server. The next page is its consent. */
export async function signIn(page: Page, login: string): Promise<void> {
  await page.locator("input[name=login]").fill(login);
  await page.locator("input[name=password]").fill("any");
  await page.getByRole("button", { name: "Sign-in" }).click();
}

/** Agrees to the request of the client at an authorization server. */
export async function agree(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Continue" }).click();
}
