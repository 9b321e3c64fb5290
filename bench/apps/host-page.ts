/** The page with both hosts. Each function shows the app once, and resolves to the time until its paint. */
import { AppBridge, PostMessageTransport } from "@modelcontextprotocol/ext-apps/app-bridge";
import { defineAppElement, readAppPage, showApps } from "lutra/apps/host";
import { type Client, createClient } from "lutra/client";

/** Shows the app with the client of earlier rounds, or with a new one, whose cache is empty. */
type Paint = (isCold: boolean) => Promise<number>;

/** The hosts by their names. */
export interface PaintedHost {
  readonly lutra: Paint;
  readonly official: Paint;
}

defineAppElement();

const sandbox = new URLSearchParams(location.search).get("sandbox") ?? "";
const connect = () => createClient(new URL("/mcp", location.href), { extensions: [showApps()] });
const warm = connect();
const main = document.querySelector("main") as HTMLElement;
const now = () => performance.timeOrigin + performance.now();

/** The time of a log message of the page. */
function paintedAt(data: unknown): number {
  return (data as { readonly at: number }).at;
}

async function lutra(isCold: boolean): Promise<number> {
  const client = isCold ? connect() : warm;
  const app = document.createElement("mcp-app");
  main.append(app);
  const result = await client.callTool("show", {});
  const since = now();
  const painted = await new Promise<number>((resolve, reject) => {
    const onLog = ({ data }: { readonly data: unknown }) => resolve(paintedAt(data));
    app.open({ client, sandbox, tool: "show", result, onLog }).catch(reject);
  });
  await app.close();
  app.remove();
  return painted - since;
}

async function official(isCold: boolean): Promise<number> {
  const client = isCold ? connect() : warm;
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-forms");
  frame.style.cssText = "width:100%;height:300px;border:0";
  main.append(frame);
  const result = await client.callTool("show", {});
  const since = now();
  const painted = await showOfficial(client, frame, result);
  frame.remove();
  return painted - since;
}

/** Follows the basic host of the examples of ext-apps. */
async function showOfficial(
  client: Client,
  frame: HTMLIFrameElement,
  result: object,
): Promise<number> {
  const page = readAppPage(client, "ui://show");
  const ready = new Promise<void>((resolve) => {
    const listen = ({ source, data }: MessageEvent) => {
      if (source !== frame.contentWindow) return;
      if (data?.method !== "ui/notifications/sandbox-proxy-ready") return;
      removeEventListener("message", listen);
      resolve();
    };
    addEventListener("message", listen);
  });
  const url = new URL(sandbox);
  url.searchParams.set("host", location.origin);
  frame.src = url.href;
  const [{ html }] = await Promise.all([page, ready]);
  const target = frame.contentWindow as Window;
  const bridge = new AppBridge(
    null,
    { name: "official", version: "1.0.0" },
    { logging: {}, serverTools: {} },
    { hostContext: { theme: "light", displayMode: "inline" } },
  );
  const painted = new Promise<number>((resolve) => {
    bridge.onloggingmessage = ({ data }) => resolve(paintedAt(data));
  });
  const initialized = new Promise<void>((resolve) => {
    bridge.oninitialized = () => resolve();
  });
  await bridge.connect(new PostMessageTransport(target, target));
  await bridge.sendSandboxResourceReady({ html });
  await initialized;
  await bridge.sendToolInput({ arguments: {} });
  await bridge.sendToolResult(result as never);
  const at = await painted;
  await bridge.teardownResource({});
  await bridge.close();
  return at;
}

Object.assign(globalThis, { paint: { lutra, official } satisfies PaintedHost });
