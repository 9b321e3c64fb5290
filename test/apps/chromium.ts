/** Chromium for tests of apps. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

export const hasChromium: boolean = existsSync(executablePath);

/** The suffix of the names of tests that are skipped without Chromium. */
export const needsChromium: string = hasChromium ? "" : " (needs Chromium)";

/** Starts Chromium without traffic of its own. Its profile is a new folder. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    timeout: 120_000,
    args: [
      "--headless",
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
