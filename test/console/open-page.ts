/** Opens pages of the console in Chromium. */
import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { onTestFinished } from "vitest";

const executablePath = "/usr/bin/chromium";

/** False where Debian's package of Chromium is not installed; tests that need it are skipped. */
export const hasChromium: boolean = existsSync(executablePath);

/** A part of the names of skipped tests. */
export const needsChromium = "needs /usr/bin/chromium";

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export interface OpenedPage {
  readonly page: Page;
  /** The errors of the page and of its policy so far. */
  readonly problems: readonly string[];
}

/** Opens a link in a window without cookies. It is closed with the test. */
export async function openPage(
  browser: Browser,
  link: string,
  options: BrowserContextOptions = {},
): Promise<OpenedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  page.on("request", (request) => {
    if (new URL(request.url()).host !== new URL(link).host) problems.push(request.url());
  });
  await page.goto(link);
  return { page, problems };
}
