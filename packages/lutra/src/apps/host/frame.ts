/**
 * The frame of a sandbox proxy in the page of a host.
 *
 * @spec ext-apps/apps#sandbox-proxy
 */
import { parseURL } from "../../protocol/parse-url.ts";
import { TransportError } from "../../protocol/transport-error.ts";
import { within } from "../../time/within.ts";
import { sandboxProxyReady, sandboxResourceReady } from "../protocol/host-messages.ts";
import { readAppMessage } from "../protocol/messages.ts";
import { type AppCSP, type AppPermissions, permissionFeatures } from "../protocol/resource-meta.ts";
import { type AppPort, framePort } from "./port.ts";

export interface AppFrameOptions {
  /** The URL of the sandbox proxy, on an origin other than that of the page of the host. */
  readonly sandbox: string | URL;
  /** Domains that `approveDomains` returned. @default none */
  readonly csp?: AppCSP | undefined;
  /** The features of the browser that the view may use. @default none */
  readonly permissions?: AppPermissions | undefined;
  /** The name of the view for people who can't see it. @default "App" */
  readonly title?: string | undefined;
  /** Maximum time until the proxy has loaded, in milliseconds. @default 15000 */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A frame in which a proxy is ready to load the page of a view. */
export interface AppFrame {
  readonly port: AppPort;
  /** Loads the page of the view. Connect a bridge before. */
  readonly load: (html: string) => void;
}

/**
 * Loads the sandbox proxy into a frame, which must be part of the document.
 *
 * @throws {TypeError} for a proxy on the origin of the page, which could not isolate views
 * @throws {TransportError} `timeout` when the proxy does not start
 */
export async function openAppFrame(
  frame: HTMLIFrameElement,
  options: AppFrameOptions,
): Promise<AppFrame> {
  const { csp, permissions = {}, title = "App", timeoutMs = defaultTimeoutMs, signal } = options;
  const url = proxyURL(options.sandbox, csp);
  const port = framePort(frame, url.origin);
  frame.title = title;
  frame.referrerPolicy = "no-referrer";
  frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-forms");
  frame.allow = featuresOf(permissions);
  const tooLate = () =>
    new TransportError(
      "timeout",
      `sandbox: expected ${url.origin} to start within ${timeoutMs} ms`,
    );
  await within({ signal, ms: timeoutMs, tooLate }, (stopped) => {
    const ready = firstMessage(port, stopped);
    frame.src = url.href;
    return ready;
  });
  return {
    port,
    load: (html) => {
      const params = { html, permissions, ...(csp && { csp }) };
      port.post({ jsonrpc: "2.0", method: sandboxResourceReady.name, params });
    },
  };
}

/** Maximum time until a proxy has loaded, in milliseconds. */
const defaultTimeoutMs = 15_000;

/** Resolves once the proxy is ready. */
function firstMessage(port: AppPort, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = port.listen((data) => {
      const message = readAppMessage(data);
      if (message?.kind !== "notification" || message.method !== sandboxProxyReady.name) return;
      stop();
      resolve();
    });
    signal.addEventListener("abort", stop);
  });
}

function proxyURL(sandbox: string | URL, csp: AppCSP | undefined): URL {
  const url = parseURL(sandbox, location.href);
  if (url === undefined) throw new TypeError("sandbox: expected a URL");
  if (url.origin === location.origin || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(
      "sandbox: expected an http or https URL on an origin other than that of this page",
    );
  }
  url.searchParams.set("host", location.origin);
  if (csp !== undefined) url.searchParams.set("csp", JSON.stringify(csp));
  return url;
}

function featuresOf(permissions: AppPermissions): string {
  return Object.entries(permissionFeatures)
    .filter(([name]) => permissions[name as keyof AppPermissions] !== undefined)
    .map(([, feature]) => feature)
    .join("; ");
}
