/**
 * A small host in a browser, driven by a test: it shows a page in a sandboxed frame, records what the
 * page sends, and sends what the test says.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { expect } from "vitest";

const root = new URL("../../../", import.meta.url);
const script = new URL("packages/lutra/dist/apps/view/script.js", root);

/** The view library for pages without a bundler, as it is published. */
export const viewScript: string = readFileSync(script, "utf8");

/** Compiles a module for a browser. */
export function browserModule(path: string): string {
  const [output] = buildSync({
    entryPoints: [fileURLToPath(new URL(path, import.meta.url))],
    bundle: true,
    write: false,
    format: "iife",
    define: { "process.env.NODE_ENV": '"production"' },
    outfile: "out.js",
    logLevel: "error",
  }).outputFiles;
  return output?.text ?? "";
}

/** Returns a page with scripts inside. */
export function pageWith(body: string, ...scripts: readonly string[]): string {
  const elements = scripts.map(
    (text) => `<script>${text.replaceAll("</script", "<\\/script")}</script>`,
  );
  return `<!doctype html><html><head><title>t</title></head><body>${body}${elements.join("")}</body></html>`;
}

/** A message of the page. */
interface Sent {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: { readonly [name: string]: unknown };
  readonly result?: unknown;
  readonly error?: unknown;
}

export interface StageOptions {
  readonly html: string;
  /** Members of the result of `ui/initialize`. */
  readonly initializeResult?: object;
  /** The size of the window of the host. @default 1000 by 700 pixels */
  readonly viewport?: { readonly width: number; readonly height: number };
  /** The style of the frame. @default a width of 400 and a height of 300 pixels */
  readonly style?: string;
  /** Answers the requests of the page other than the handshake. @default none is answered */
  readonly serve?: (method: string, params: never) => Promise<object>;
  /** The script of the host, in place of the scripted one. It finds the page in `window.html`. */
  readonly hostScript?: string;
}

export interface Stage {
  readonly page: Page;
  /** Returns the messages of the page. */
  readonly sent: () => Promise<readonly Sent[]>;
  /** Waits for a message of the page with this method, and returns the last one. */
  readonly waitFor: (method: string) => Promise<Sent>;
  /** Sends a message to the page. */
  readonly post: (message: object) => Promise<void>;
  /** Waits until the text of the page is this. */
  readonly expectText: (selector: string, text: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The host: answers the handshake, and everything else only when the test does. */
const scriptedHost = `
  window.sent = [];
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts allow-forms");
  frame.style.cssText = window.frameStyle;
  window.post = (message) => frame.contentWindow.postMessage({ jsonrpc: "2.0", ...message }, "*");
  addEventListener("message", ({ source, data }) => {
    if (source !== frame.contentWindow) return;
    window.sent.push(data);
    const { id, method, params } = data;
    if (method === "ui/initialize") window.post({ id, result: window.accepted });
    else if (id !== undefined && method !== undefined && window.serveRequest !== undefined) {
      window.serveRequest(method, params).then(
        (result) => window.post({ id, result }),
        ({ message }) => window.post({ id, error: { code: -32603, message } }),
      );
    }
  });
  frame.srcdoc = window.html;
  document.body.append(frame);
`;

const accepted = {
  protocolVersion: "2026-01-26",
  hostInfo: { name: "stage", version: "1.0.0" },
  hostCapabilities: { openLinks: {}, serverTools: {}, serverResources: {} },
  hostContext: { theme: "light" },
};

const limit = { timeout: 60_000 };

/** Opens a host page with the page of an app in it. */
export async function openStage(browser: Browser, options: StageOptions): Promise<Stage> {
  const { html, initializeResult, style = "width:400px;height:300px;border:0" } = options;
  const { hostScript = scriptedHost, serve } = options;
  const values = { html, frameStyle: style, accepted: { ...accepted, ...initializeResult } };
  const data = JSON.stringify(values).replaceAll("<", "\\u003c");
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(
      `<!doctype html><body style="margin:0"><script>Object.assign(window, ${data})</script>` +
        `<script>${hostScript.replaceAll("</script", "<\\/script")}</script>`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const page = await browser.newPage({
    viewport: options.viewport ?? { width: 1000, height: 700 },
  });
  if (serve !== undefined) await page.exposeFunction("serveRequest", serve);
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const sent = () => page.evaluate(() => (globalThis as never as { sent: Sent[] }).sent);
  return {
    page,
    sent,
    waitFor: async (method) => {
      await expect
        .poll(async () => (await sent()).map((message) => message.method), limit)
        .toContain(method);
      return (await sent()).findLast((message) => message.method === method) as Sent;
    },
    post: (message) =>
      page.evaluate(
        (message) => (globalThis as never as { post: (message: object) => void }).post(message),
        message,
      ),
    expectText: async (selector, text) => {
      const element = page.frameLocator("iframe").locator(selector);
      await expect.poll(() => element.textContent(), limit).toBe(text);
    },
    close: async () => {
      await page.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}
