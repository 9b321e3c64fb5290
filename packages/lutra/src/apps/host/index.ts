/**
 * `lutra/apps/host`: shows the apps of servers in a page, each behind a sandbox of its own. The
 * extension `io.modelcontextprotocol/ui`.
 */
export type { AppElement } from "./element/app-element.ts";
export { defineAppElement } from "./element/app-element.ts";
export type { AppElementOptions } from "./element/options.ts";
export type { AllowDomain, ApprovedDomains, PolicyOptions } from "./policy.ts";
export type { Sandbox, SandboxOptions } from "./sandbox/create-sandbox.ts";
export { createSandbox } from "./sandbox/create-sandbox.ts";
export { showApps, toolsForModel } from "./show-apps.ts";

// For hosts that render views themselves.

export type { AppBridge } from "./bridge/create-app-bridge.ts";
export { createAppBridge } from "./bridge/create-app-bridge.ts";
export type { AppAction, AppBridgeOptions, AppHooks, AppRecord } from "./bridge/options.ts";
export type { ToolFeed } from "./bridge/tool-feed.ts";
export type { ViewCallOptions } from "./bridge/view-calls.ts";
export type { AppFrame, AppFrameOptions } from "./frame.ts";
export { openAppFrame } from "./frame.ts";
export { approveDomains, buildConnectionAllowlist, buildPolicy } from "./policy.ts";
export type { AppPort } from "./port.ts";
export { framePort } from "./port.ts";
export { sandboxPage } from "./sandbox/sandbox-page.ts";
export type { AppClient, AppContents } from "./show-apps.ts";
export { readAppPage } from "./show-apps.ts";
