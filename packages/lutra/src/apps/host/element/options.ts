/** The options of the element, completed once. */
import { isObject, type JSONObject } from "../../../protocol/json.ts";
import { requireArray, requireKnownMembers } from "../../../protocol/known-members.ts";
import type { CallToolResult } from "../../../protocol/tools.ts";
import type { DisplayMode } from "../../protocol/capabilities.ts";
import type { HostContext } from "../../protocol/host-context.ts";
import type { AppPermissions } from "../../protocol/resource-meta.ts";
import { type AppBridgeOptions, sharedOptions } from "../bridge/options.ts";
import type { AllowDomain, ApprovedDomains } from "../policy.ts";

type Shared = Omit<AppBridgeOptions, "port" | "tool" | "context" | "sandbox">;

/** Options of `open`. */
export interface AppElementOptions extends Shared {
  /** The name of the tool whose result is shown. */
  readonly tool: string;
  /** The arguments of the call. @default {} */
  readonly arguments?: JSONObject | undefined;
  /** The result of the call, if it has been sent. @default the element calls the tool */
  readonly result?: CallToolResult | Promise<CallToolResult> | undefined;
  /** The URL of the sandbox proxy, on an origin other than that of the page. */
  readonly sandbox: string | URL;
  /** Restricts the domains that views may use. @default all that a view declares */
  readonly allowDomain?: AllowDomain | undefined;
  /** Called with the domains that the view may use and those that were refused, for the log. */
  readonly onPolicy?: ((domains: ApprovedDomains) => void) | undefined;
  /** The features of the browser that views may ask for. @default [] */
  readonly permissions?: readonly (keyof AppPermissions)[] | undefined;
  /** The display modes that the page has room for. @default ["inline", "fullscreen", "pip"] */
  readonly displayModes?: readonly DisplayMode[] | undefined;
  /** Surroundings of the view besides those that the element detects. @default {} */
  readonly context?: HostContext | undefined;
  /** Maximum height of the view between other content, in pixels. @default 800 */
  readonly maxHeight?: number | undefined;
  /** Maximum time until the view has initialized, in milliseconds. @default 30000 */
  readonly openTimeoutMs?: number | undefined;
}

const own = [
  "tool",
  "arguments",
  "result",
  "sandbox",
  "allowDomain",
  "onPolicy",
  "permissions",
  "displayModes",
  "context",
  "maxHeight",
  "openTimeoutMs",
];

type Defaulted =
  | "arguments"
  | "permissions"
  | "displayModes"
  | "context"
  | "maxHeight"
  | "openTimeoutMs";

/** Options with every default filled in. */
export type CompleteElementOptions = Omit<AppElementOptions, Defaulted> & {
  readonly [Name in Defaulted]-?: NonNullable<AppElementOptions[Name]>;
};

const where = "open";

/**
 * Completes the options.
 *
 * @throws {TypeError} for an invalid option
 */
export function withDefaults(options: AppElementOptions): CompleteElementOptions {
  requireKnownMembers(options, [...own, ...sharedOptions], where);
  const { permissions = [], displayModes = ["inline", "fullscreen", "pip"] } = options;
  requireArray(`${where}: permissions`, permissions, "string");
  requireArray(`${where}: displayModes`, displayModes, "string");
  const { arguments: args = {}, context = {}, maxHeight = 800, openTimeoutMs = 30_000 } = options;
  if (!isObject(args)) throw new TypeError(`${where}: arguments: expected an object`);
  if (typeof options.tool !== "string") throw new TypeError(`${where}: tool: expected a name`);
  if (!(maxHeight > 0)) throw new TypeError(`${where}: maxHeight: expected a positive number`);
  if (!(openTimeoutMs > 0)) {
    throw new TypeError(`${where}: openTimeoutMs: expected a positive number`);
  }
  return {
    ...options,
    arguments: args,
    permissions,
    displayModes,
    context,
    maxHeight,
    openTimeoutMs,
  };
}

/** Returns the options of the bridge that the element passes on. */
export function bridgeOptionsOf(
  options: CompleteElementOptions,
): Omit<AppBridgeOptions, "port" | "tool"> {
  const entries = Object.entries(options).filter(([name]) =>
    (sharedOptions as readonly string[]).includes(name),
  );
  return Object.fromEntries(entries) as Omit<AppBridgeOptions, "port" | "tool">;
}
