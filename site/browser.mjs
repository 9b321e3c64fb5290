/**
 * Opens every page of the built site in Chromium at the widths of a phone and of a desktop. Fails if a
 * page is wider than its window, throws an error, misses a file, or requests one from another origin.
 * Then searches without a network.
 *
 *     node site/browser.mjs <url> [<folder for screenshots>]
 *
 * With a folder, only the pages that are photographed are opened.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [url, shots] = process.argv.slice(2);
const phone = 390;
const desktop = 1280;
/** Pages with the widest tables and blocks of code, and the home page. */
const chosen = [
  "index",
  "overview",
  "server",
  "api/server",
  "gateway-config",
  "limits",
  "errors/server",
  "cli",
  "bench/results/latest",
].map((name) => `${name}.html`);
const dist = new URL("dist/", import.meta.url);
const all = readdirSync(dist, { recursive: true }).filter((path) => path.endsWith(".html"));
const faults = [];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
});
try {
  for (const width of [phone, desktop]) await visit(shots === undefined ? all : chosen, width);
  await search();
} finally {
  await browser.close();
  for (const fault of faults) console.error(fault);
}
console.log(`${all.length} pages`);
process.exitCode = faults.length > 0 ? 1 : 0;

async function visit(paths, width) {
  const page = await watched(await browser.newContext({ viewport: { width, height: 844 } }));
  for (const path of paths) {
    await page.goto(new URL(path, url).href, { waitUntil: "load" });
    const found = await page.evaluate(() => document.documentElement.scrollWidth);
    if (found > width) faults.push(`${path}: ${found} pixels wide in a window of ${width}`);
    if (shots !== undefined) await shoot(page, `${path.replace(".html", "")}-${width}`);
  }
  await page.context().close();
}

/** A page that records errors, missing files, and requests to other origins. */
async function watched(context) {
  const page = await context.newPage();
  page.on("pageerror", (error) => faults.push(`${page.url()}: ${error.message}`));
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol === "data:" || origin === new URL(url).origin) return;
    faults.push(`${page.url()}: requested ${request.url()}`);
  });
  page.on("response", (response) => {
    if (response.ok() || response.status() === 304) return;
    faults.push(`${page.url()}: ${response.status()} for ${response.url()}`);
  });
  return page;
}

async function shoot(page, name) {
  for (const colorScheme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(shots, `${name.replaceAll("/", "-")}-${colorScheme}.png`) });
  }
}

/** Searches for the name of an option, and opens the first result. */
async function search() {
  const page = await watched(
    await browser.newContext({ viewport: { width: desktop, height: 844 } }),
  );
  await page.goto(new URL("contents.html", url).href, { waitUntil: "networkidle" });
  await page.locator("#local-search button").click();
  await page.locator(".VPLocalSearchBox input").fill("maxBodyBytes");
  const result = page.locator(".VPLocalSearchBox .result").first();
  await result.waitFor();
  if (shots !== undefined) await shoot(page, "search");
  await result.click();
  await page.waitForURL((address) => !address.pathname.endsWith("/contents.html"));
}
