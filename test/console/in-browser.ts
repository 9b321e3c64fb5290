/** Opens the console in Chromium. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, expect, onTestFinished } from "vitest";
import { type RunningLutra, runNodeIn } from "../cli/run-lutra.ts";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** True if the browser is installed. */
export const hasChromium = existsSync(executablePath);
/** The remark in the name of a test that is skipped. */
export const needsChromium = "needs /usr/bin/chromium, or its path in CHROMIUM";

/** Maximum time for a change of the page, in milliseconds. */
export const timeout = 30_000;

const program = fileURLToPath(new URL("../../packages/cli/bin/lutra.js", import.meta.url));
const fixtures = fileURLToPath(new URL("fixtures", import.meta.url));

let browser: Promise<Browser> | undefined;

afterAll(async () => {
  await (await browser)?.close();
});

export interface Inspected extends RunningLutra {
  /** The link with the token. */
  readonly link: string;
}

/** Starts `lutra inspect` in the folder of the fixtures, until the test ends. */
export async function inspect(...args: readonly string[]): Promise<Inspected> {
  const lutra = runNodeIn(fixtures, program, "inspect", ...args);
  onTestFinished(() => void lutra.child.kill("SIGKILL"));
  const [, link = ""] = await lutra.line(/^console at (\S+)$/);
  return { ...lutra, link };
}

export interface Opened {
  readonly page: Page;
  /** Shows another path of the page. */
  readonly go: (hash: string) => Promise<void>;
  /** Opens a tool, and starts it with its form as it is. */
  readonly call: (tool: string) => Promise<void>;
  /** The origins of the frames so far. */
  readonly frameOrigins: () => ReadonlySet<string>;
}

export interface OpenOptions {
  /** True if frames may load the pages of one other origin, the sandbox of apps. */
  readonly showsApps?: boolean;
  readonly width?: number;
  readonly colorScheme?: "light" | "dark";
}

/**
 * Opens a link until the test ends. The test fails for an error in the page, and for a request to
 * another origin.
 */
export async function openPage(
  link: string,
  { width = 1280, colorScheme = "light", showsApps = false }: OpenOptions = {},
): Promise<Opened> {
  browser ??= chromium.launch({
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
  const context = await (await browser).newContext({
    viewport: { width, height: 844 },
    colorScheme,
  });
  context.setDefaultTimeout(timeout);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    if (/Content Security Policy|TrustedHTML/.test(message.text())) faults.push(message.text());
  });
  const frameOrigins = new Set<string>();
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol === "data:" || origin === new URL(link).origin) return;
    const isSandbox =
      showsApps && request.isNavigationRequest() && request.frame() !== page.mainFrame();
    if (isSandbox) frameOrigins.add(origin);
    else faults.push(request.url());
  });
  onTestFinished(async () => {
    await context.close();
    expect(faults).toEqual([]);
    expect(frameOrigins.size).toBeLessThanOrEqual(1);
  });
  await page.goto(link);
  const go = async (hash: string) => {
    await page.getByRole("navigation", { name: "Views" }).waitFor();
    await page.evaluate((address) => {
      location.hash = address;
    }, hash);
  };
  const call = async (tool: string) => {
    await go(`#/explore/tools/${tool}`);
    await page.locator(".entry-head", { hasText: tool }).waitFor();
    await page.getByRole("button", { name: "Call", exact: true }).click();
  };
  return { page, go, call, frameOrigins: () => frameOrigins };
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly html: string }[];
}

/** Returns the findings of axe-core that are serious or critical, with their elements. */
export async function seriousFindings(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const { axe: runner } = globalThis as unknown as {
      readonly axe: { run: () => Promise<{ violations: readonly Violation[] }> };
    };
    return (await runner.run()).violations;
  });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

/** Writes a screenshot if `LUTRA_TEST_SCREENSHOTS` names a folder. */
export async function shoot(page: Page, name: string): Promise<void> {
  const folder = process.env.LUTRA_TEST_SCREENSHOTS;
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
