/** Our views in the MCP Inspector from npm: its page lists an app of ours, opens it, and it is used. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { serveHttp } from "lutra/node";
import type { Browser, FrameLocator, Page } from "playwright-core";
import atlas from "../../../examples/atlas/server.ts";
// @ts-expect-error -- a script without declarations
import { nodeOf } from "../../../scripts/node-versions.mjs";
// @ts-expect-error -- a script without declarations
import { installPackage, root } from "../../../scripts/steps.mjs";
import { freePort } from "../../stores/free-port.ts";

export const inspectorVersion = "2.12.0";

const inspectorPackage = "@modelcontextprotocol/inspector";

/** Maximum time of one step, in milliseconds. */
const timeout = 60_000;

/** An app of ours in the Inspector. */
interface InspectedApp {
  readonly server: string;
  readonly transport: string;
  readonly tool: string;
  /** The title of the tool, which the Inspector lists. */
  readonly title: string;
  readonly input: { readonly field: string; readonly value: string };
  /** Uses the view until it has reacted. Returns what was seen. */
  readonly use: (view: FrameLocator) => Promise<string>;
}

const inspectedApps: readonly InspectedApp[] = [
  {
    server: "small",
    transport: "stdio",
    tool: "show_counter",
    title: "Show a counter",
    input: { field: "start", value: "6" },
    use: async (view) => {
      await view.getByText("Input: 6").waitFor({ timeout });
      await view.getByText("Result: 7").waitFor({ timeout });
      await view.getByRole("button", { name: "Count on" }).click({ timeout });
      await view.getByText("Called: 42").waitFor({ timeout });
      return "shows input and result; clicked “Count on”: the result of `count_on`";
    },
  },
  {
    server: "atlas",
    transport: "Streamable HTTP",
    tool: "show_map",
    title: "Show on a map",
    input: { field: "query", value: "Lisbon" },
    use: async (view) => {
      const place = view.locator("#list button").first();
      await place.getByText("Lisbon").first().waitFor({ timeout });
      await view.locator('#map[aria-busy="false"]').waitFor({ timeout });
      await place.click({ timeout });
      await view.locator("#detail h2", { hasText: "Lisbon" }).waitFor({ timeout });
      await view.locator("#query").fill("Porto");
      await view.locator("#query").press("Enter");
      await view.locator("#list button", { hasText: "Porto" }).first().waitFor({ timeout });
      return "shows Lisbon on the map, drawn with `map_area`; chose it; searched for Porto with `search`";
    },
  },
];

/** The outcome for one app. `problem` is absent if it works. */
export interface InspectedOutcome {
  readonly cells: readonly string[];
  readonly problem?: string;
}

/**
 * Installs the Inspector, and shows each app of ours in its page. With `shots`, pictures are kept in
 * that folder.
 */
export async function showInInspector(
  browser: Browser,
  shots: string | undefined,
): Promise<readonly InspectedOutcome[]> {
  const endpoint = await serveHttp(atlas, { port: 0 });
  const inspector = await startInspector({
    atlas: { type: "streamable-http", url: endpoint.url, protocolEra: "modern" },
    small: { type: "stdio", ...stdioServer(), protocolEra: "modern" },
  });
  try {
    const outcomes: InspectedOutcome[] = [];
    for (const app of inspectedApps) {
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
      outcomes.push(await tryApp(page, app, inspector.url));
      if (shots !== undefined) {
        mkdirSync(shots, { recursive: true });
        await page.screenshot({ path: join(shots, `inspector-${app.server}.png`) });
      }
      await page.close();
    }
    return outcomes;
  } finally {
    await inspector.stop();
    await endpoint.close();
  }
}

function stdioServer(): { readonly command: string; readonly args: readonly string[] } {
  const module = fileURLToPath(new URL("fixtures/small-app.ts", import.meta.url));
  return {
    command: process.execPath,
    args: [join(root, "packages/cli/bin/lutra.js"), "serve", module, "--stdio"],
  };
}

async function tryApp(page: Page, app: InspectedApp, url: string): Promise<InspectedOutcome> {
  const { transport, tool, server } = app;
  const cells = [`${server}, ${transport}`, `\`${tool}\``];
  try {
    await page.goto(url);
    const era = await connect(page, server);
    await page.getByText("Apps", { exact: true }).first().click({ timeout });
    await page.getByText(app.title, { exact: true }).first().click({ timeout });
    await page.getByLabel(app.input.field).first().fill(app.input.value, { timeout });
    await page.getByRole("button", { name: "Open App" }).click({ timeout });
    const done = await app.use(page.frameLocator("iframe").frameLocator("iframe"));
    return { cells: [...cells, era, done, "yes"] };
  } catch (error) {
    const [problem = ""] = String(error).split("\n");
    return { cells: [...cells, "", "", `**no**: ${problem.slice(0, 200)}`], problem };
  }
}

/** Connects to one of the servers that the page lists. Returns the revision that it shows. */
async function connect(page: Page, server: string): Promise<string> {
  const card = page
    .locator("div")
    .filter({ has: page.getByText(server, { exact: true }) })
    .filter({ has: page.getByRole("switch") })
    .last();
  await card.getByRole("switch").click({ force: true, timeout });
  const era = page.getByText(/^MCP \d{4}-/).first();
  return (await era.textContent({ timeout })) ?? "";
}

interface RunningInspector {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

async function startInspector(mcpServers: object): Promise<RunningInspector> {
  const installed = join(root, "node_modules/.cache/lutra/inspector");
  mkdirSync(installed, { recursive: true });
  writeFileSync(join(installed, "package.json"), '{ "private": true }');
  const specifier = `${inspectorPackage}@${inspectorVersion}`;
  await installPackage("installing the MCP Inspector", installed, specifier);
  const program = join(
    installed,
    "node_modules",
    inspectorPackage,
    "clients/launcher/build/index.js",
  );
  const folder = mkdtempSync(join(tmpdir(), "lutra-inspector-"));
  const config = join(folder, "servers.json");
  writeFileSync(config, JSON.stringify({ mcpServers }));
  const child = spawn(await nodeOf("24"), [program, "--config", config], {
    cwd: folder,
    env: {
      ...process.env,
      HOME: folder,
      CLIENT_PORT: String(await freePort()),
      MCP_SANDBOX_PORT: String(await freePort()),
      MCP_AUTO_OPEN_ENABLED: "false",
      MCP_INSPECTOR_SECRET_STORE: "memory",
      MCP_STORAGE_DIR: join(folder, "storage"),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "close");
  const stop = async () => {
    child.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  return { url: await printedURL(child), stop };
}

/** Resolves to the URL that the Inspector prints. */
function printedURL(child: ChildProcess): Promise<string> {
  let output = "";
  return new Promise((resolve, reject) => {
    const read = (text: Buffer) => {
      output += text;
      const [url] = /http:\/\/\S+TOKEN=\S+/.exec(output) ?? [];
      if (url !== undefined) resolve(url);
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("exit", () => reject(new Error(`the Inspector ended: ${output}`)));
  });
}
