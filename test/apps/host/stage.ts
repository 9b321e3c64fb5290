/** A page that hosts apps in Chromium: its servers, the sandbox on another origin, and an attacker. */
import type { IncomingMessage, RequestListener } from "node:http";
import { build } from "esbuild";
import { createSandbox, type SandboxOptions } from "lutra/apps/host";
import { createNodeHandler } from "lutra/node";
import type { Server } from "lutra/server";
import type { Browser, FrameLocator, Page } from "playwright-core";
import { launchChromium } from "../chromium.ts";
import { type Listening, listen } from "./listen.ts";
import type { Host } from "./pages/host.ts";

export interface Stage {
  readonly host: string;
  readonly sandbox: string;
  /** An origin that no app declares. */
  readonly attacker: string;
  /** The requests that the attacker received, as `METHOD /path`. */
  readonly received: string[];
  readonly browser: Browser;
  /** Opens the page of the host in a new profile. */
  readonly openPage: () => Promise<HostPage>;
  readonly end: () => Promise<void>;
}

export interface HostPage {
  readonly page: Page;
  /** Runs a function in the page of the host. */
  readonly run: <Argument, Result>(
    work: (host: Host, argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ) => Promise<Result>;
  /** The page of the view. */
  readonly view: FrameLocator;
}

/** A server of this process, or what passes requests to another one. */
type Served = Server | RequestListener;

/** Starts everything. Each server is at `/NAME` of the host. */
export async function startStage(
  servers: { readonly [name: string]: Served },
  options: Pick<SandboxOptions, "allowEval"> = {},
): Promise<Stage> {
  const script = await bundle(new URL("pages/host.ts", import.meta.url).pathname);
  const handlers = new Map(
    Object.entries(servers).map(([name, server]) => [
      `/${name}`,
      typeof server === "function" ? server : createNodeHandler(server),
    ]),
  );
  const received: string[] = [];
  const attacker = await listen((req, res) => {
    received.push(nameOf(req));
    res.writeHead(200, { "access-control-allow-origin": "*", "content-type": "text/html" });
    res.end("<script>parent.postMessage('loaded', '*')</script>");
  });
  const host: Listening = await listen((req, res) => {
    const handler = handlers.get(req.url ?? "");
    if (handler !== undefined) return void handler(req, res);
    res.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    res.end(hostDocument(script));
  });
  const hostOrigin = `http://127.0.0.1:${host.port}`;
  const sandbox = await listen(createSandbox({ ...options, hosts: [hostOrigin] }).node);
  const browser = await launchChromium();
  const sandboxURL = `http://localhost:${sandbox.port}/`;
  return {
    host: hostOrigin,
    sandbox: sandboxURL,
    attacker: `http://127.0.0.1:${attacker.port}`,
    received,
    browser,
    openPage: () => openPage(browser, hostOrigin, sandboxURL),
    end: async () => {
      await browser.close();
      await Promise.all([host, sandbox, attacker].map(({ close }) => close()));
    },
  };
}

async function openPage(browser: Browser, host: string, sandbox: string): Promise<HostPage> {
  const context = await browser.newContext({ viewport: { width: 800, height: 600 } });
  const page = await context.newPage();
  await page.goto(`${host}/?${new URLSearchParams({ sandbox })}`);
  return {
    page,
    run: (work, argument) =>
      page.evaluate(
        ([text, value]) => new Function(`return (${text})(window.host, arguments[0])`)(value),
        [work.toString(), argument] as const,
      ),
    view: page.frameLocator("mcp-app iframe").frameLocator("iframe"),
  };
}

/** Bundles a program of a page. */
export async function bundle(entryPoint: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entryPoint],
    bundle: true,
    write: false,
    platform: "browser",
    format: "esm",
    target: "es2023",
    logLevel: "error",
  });
  const [output] = outputFiles;
  // Inside of a page, the text of a program must not contain the end of its element.
  return (output?.text ?? "").replaceAll("</script", "<\\/script");
}

function hostDocument(script: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Host</title>
<style>body { margin: 16px; font: 16px system-ui } mcp-app { max-width: 640px }</style>
</head>
<body>
<p>Before the app</p>
<mcp-app>Text for hosts without apps</mcp-app>
<p>After the app</p>
<script type="module">${script}</script>
</body>
</html>`;
}

function nameOf({ method, url }: IncomingMessage): string {
  return `${method} ${url}`;
}
