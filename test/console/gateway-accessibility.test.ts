/** The views of a gateway, as axe-core checks them: in light and dark, wide and narrow. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, launchChromium, needsChromium } from "./open-page.ts";
import { startConsole } from "./start-console.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Seven pages are checked, which takes long on a busy machine. */
const limit = { timeout: 180_000 };
const paths = [
  "fleet/upstreams",
  "fleet/routes?method=tools/call&name=echo",
  "fleet/cache",
  "fleet/subscriptions",
  "fleet/eras",
  "traces",
  "traces/1",
];

describe.skipIf(!hasChromium)(`the views of a gateway (${needsChromium})`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  it.each([
    ["light", 1280],
    ["dark", 1280],
    ["light", 390],
    ["dark", 390],
  ] as const)(
    "have no serious finding in %s colours, %i pixels wide",
    limit,
    async (scheme, width) => {
      const viewport = { width, height: 844 };
      const opened = await startConsole(browser, {}, { colorScheme: scheme, viewport });
      const { page, url, call, post } = opened;
      await call(3);
      await post(url, "tools/list");
      await post(url, "unknown/method");
      await page.getByRole("navigation").waitFor();
      for (const path of paths) {
        await page.goto(`${page.url().split("#")[0]}#/${path}`);
        await page.locator("#main").getByText(wordOf(path)).first().waitFor();
        expect({ path, findings: await seriousFindings(page) }).toEqual({ path, findings: [] });
        expect({ path, overflow: await overflow(page) }).toEqual({ path, overflow: 0 });
      }
    },
  );
});

/** Returns a word that the view shows once it is complete. */
function wordOf(path: string): string {
  const words: { readonly [path: string]: string } = {
    "fleet/upstreams": "Service",
    "fleet/cache": "Parameters",
    "fleet/subscriptions": "No client listens.",
    "fleet/eras": "Protocol version",
    traces: "5 of 5 exchanges",
    "traces/1": "First byte",
  };
  if (path === "fleet/eras") return "Can it be switched off?";
  return words[path] ?? "Refused and aborted";
}

async function seriousFindings(page: Page): Promise<readonly string[]> {
  // Evaluated by the debugger, because the policy of the page allows no further script.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    (window as unknown as { axe: { run: () => Promise<AxeResults> } }).axe.run(),
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

/** Returns the pixels by which the page is wider than its window. */
function overflow(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
}
