/** One open view of an element, from the call of its tool to its end. */
import { malformed } from "../../../protocol/method.ts";
import type { CallToolResult, Tool } from "../../../protocol/tools.ts";
import { TransportError } from "../../../protocol/transport-error.ts";
import { within } from "../../../time/within.ts";
import type { AppPermissions } from "../../protocol/resource-meta.ts";
import { readAppToolMeta } from "../../protocol/tool-meta.ts";
import { type AppBridge, createAppBridge } from "../bridge/create-app-bridge.ts";
import { type AppFrame, openAppFrame } from "../frame.ts";
import { approveDomains } from "../policy.ts";
import { type AppContents, readAppPage } from "../show-apps.ts";
import { Display } from "./display.ts";
import type { ElementParts } from "./element-parts.ts";
import { bridgeOptionsOf, type CompleteElementOptions } from "./options.ts";

/** A view that is opening or open. */
export interface AppSession {
  /** Resolves once the view has initialized. */
  readonly opened: Promise<AppBridge>;
  readonly result: Promise<CallToolResult>;
  readonly bridge: () => AppBridge | undefined;
  readonly close: (reason?: string) => Promise<void>;
  /** Ends the session without notifying the view. */
  readonly abort: () => void;
}

/** Opens a view in the parts of an element. */
export function openSession(parts: ElementParts, options: CompleteElementOptions): AppSession {
  const controller = new AbortController();
  const { signal } = controller;
  const display = new Display(parts, options, () => void close("closed by the user"));
  const result = callOf(options, signal);
  let bridge: AppBridge | undefined;

  async function start(): Promise<AppBridge> {
    const { client, openTimeoutMs: ms } = options;
    const tooLate = () =>
      new TransportError("timeout", `${options.tool}: expected the view to start within ${ms} ms`);
    return within({ signal, ms, tooLate }, async (stopped) => {
      const early = openEarly(options, display, stopped);
      const tool = await findTool(options, stopped);
      const page = await readAppPage(client, requirePage(tool), { signal: stopped });
      bridge = await connect({ tool, page, options, display, early, signal: stopped });
      feed(bridge, options, result);
      await bridge.initialized;
      parts.setState("ready");
      return bridge;
    });
  }

  function abort(): void {
    controller.abort(new TransportError("closed", "The view was closed"));
    bridge?.close();
    display.end("closed");
  }

  async function close(reason?: string): Promise<void> {
    await bridge?.teardown(reason);
    abort();
  }

  const opened = start().catch((error: unknown) => {
    bridge?.close();
    if (!signal.aborted) display.end("failed");
    throw error;
  });
  return { opened, result, bridge: () => bridge, close, abort };
}

/** The result of the call, which the element sends if the page has not. */
function callOf(options: CompleteElementOptions, signal: AbortSignal): Promise<CallToolResult> {
  const { client, tool, arguments: args } = options;
  const result = Promise.resolve(options.result ?? client.callTool(tool, args, { signal }));
  // The view receives an error, and the page need not wait for the result.
  result.catch(() => {});
  return result;
}

async function findTool(
  { client, tool: name }: CompleteElementOptions,
  signal: AbortSignal,
): Promise<Tool> {
  const { tools } = await client.listTools({ signal });
  const tool = tools.find((entry) => entry.name === name);
  if (tool === undefined) throw malformed(`Tool ${name}: expected an entry of tools/list`);
  return tool;
}

function requirePage(tool: Tool): string {
  const { resourceUri } = readAppToolMeta(tool);
  if (resourceUri === undefined) throw malformed(`Tool ${tool.name}: expected one with a page`);
  return resourceUri;
}

/**
 * Loads the proxy with the policy of pages that ask for nothing, while the page is read. A page that
 * asks for more gets another frame: a policy is that of one document.
 */
function openEarly(
  { sandbox }: CompleteElementOptions,
  display: Display,
  signal: AbortSignal,
): EarlyFrame {
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal.reason);
  signal.addEventListener("abort", onAbort);
  const opened = openAppFrame(display.begin(), { sandbox, signal: controller.signal });
  // An error concerns only a page that uses this frame.
  opened.catch(() => {}).finally(() => signal.removeEventListener("abort", onAbort));
  return { opened, discard: onAbort };
}

/** A frame that is opened before the page of the view is known. */
interface EarlyFrame {
  readonly opened: Promise<AppFrame>;
  readonly discard: () => void;
}

interface Connecting {
  readonly tool: Tool;
  readonly page: AppContents;
  readonly options: CompleteElementOptions;
  readonly display: Display;
  readonly early: EarlyFrame;
  readonly signal: AbortSignal;
}

/** Loads the page of the view behind a proxy, and connects a bridge before its script runs. */
async function connect(connecting: Connecting): Promise<AppBridge> {
  const { tool, page, options, display, early, signal } = connecting;
  const { meta, html } = page;
  const approved = approveDomains(meta.csp, options.allowDomain);
  options.onPolicy?.(approved);
  const { csp } = approved;
  const permissions = granted(meta.permissions, options.permissions);
  const { sandbox } = options;
  const asksForNothing = csp === undefined && Object.keys(permissions).length === 0;
  if (!asksForNothing) early.discard();
  const opened = asksForNothing
    ? early.opened
    : openAppFrame(display.replaceFrame(), { sandbox, csp, permissions, signal });
  display.describe(tool.title ?? tool.name, meta.prefersBorder === true);
  const { port, load } = await opened;
  const bridge = createAppBridge({
    ...bridgeOptionsOf(options),
    ...display.hooks,
    port,
    tool,
    context: display.context,
    sandbox: { permissions, ...(csp && { csp }) },
  });
  display.follow(bridge);
  load(html);
  return bridge;
}

function granted(
  asked: AppPermissions = {},
  allowed: readonly (keyof AppPermissions)[],
): AppPermissions {
  return Object.fromEntries(allowed.flatMap((name) => (asked[name] ? [[name, {}]] : [])));
}

/** Passes the call to the view. */
function feed(
  bridge: AppBridge,
  { arguments: args }: CompleteElementOptions,
  result: Promise<CallToolResult>,
): void {
  bridge.input(args);
  result.then(bridge.result, (error: unknown) =>
    bridge.cancelled(error instanceof Error ? error.message : String(error)),
  );
}
