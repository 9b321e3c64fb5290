/** The options of a bridge, completed once. */
import type { ContentBlock } from "../../../protocol/content.ts";
import { isObject, type JSONObject } from "../../../protocol/json.ts";
import {
  requireArray,
  requireFunctions,
  requireKnownMembers,
} from "../../../protocol/known-members.ts";
import type { Implementation } from "../../../protocol/meta.ts";
import type { Tool } from "../../../protocol/tools.ts";
import type { DisplayMode, HostCapabilities } from "../../protocol/capabilities.ts";
import { isDomain } from "../../protocol/domains.ts";
import type { HostContext } from "../../protocol/host-context.ts";
import { originKey } from "../../protocol/names.ts";
import type { LogMessage, ModelContext, ViewSize } from "../../protocol/view-messages.ts";
import type { AppPort } from "../port.ts";
import type { AppClient } from "../show-apps.ts";

/** An action that a view asks for. */
export type AppAction =
  | { readonly kind: "callTool"; readonly tool: Tool; readonly arguments: JSONObject }
  | { readonly kind: "readResource"; readonly uri: string }
  | { readonly kind: "openLink"; readonly url: string }
  | { readonly kind: "sendMessage"; readonly content: readonly ContentBlock[] }
  | { readonly kind: "updateModelContext"; readonly context: ModelContext };

/** A message that crossed the bridge, for the log. */
export interface AppRecord {
  readonly from: "view" | "host";
  /** Undefined for responses and for anything that is not a JSON-RPC message. */
  readonly method: string | undefined;
  readonly message: unknown;
  /** The reason for which the message had no effect, or the request was refused. */
  readonly refused?: string | undefined;
}

/** The functions with which a host takes part. Those that are absent are not offered to the view. */
export interface AppHooks {
  /**
   * Decides about an action before it takes place, for example by asking the user.
   *
   * @default all are allowed, except links that `allowedLinks` does not cover
   */
  readonly confirm?: ((action: AppAction) => boolean | Promise<boolean>) | undefined;
  /** Opens a link that was allowed, an absolute `http` or `https` URL. */
  readonly onOpenLink?: ((url: string) => void | Promise<void>) | undefined;
  /** Adds a message of the user to the conversation. */
  readonly onMessage?: ((content: readonly ContentBlock[]) => void | Promise<void>) | undefined;
  /** Replaces the context about the view that the model receives in the next turn. */
  readonly onModelContext?: ((context: ModelContext) => void | Promise<void>) | undefined;
  /** Changes the display mode. Returns the mode that is then in effect. */
  readonly onDisplayMode?: ((mode: DisplayMode) => DisplayMode | Promise<DisplayMode>) | undefined;
  /** Called with the size that the view reports: finite numbers that are not negative. */
  readonly onSize?: ((size: ViewSize) => void) | undefined;
  /** Called with log messages of the view. */
  readonly onLog?: ((message: LogMessage) => void) | undefined;
  /** Called with every message, also with those that are refused. */
  readonly onRecord?: ((record: AppRecord) => void) | undefined;
  /** Called when the view asks to be closed, or was stopped because of too many messages. */
  readonly onCloseRequest?: ((reason: "request" | "flood") => void) | undefined;
}

export interface AppBridgeOptions extends AppHooks {
  /** The client of the app's server. The view reaches no other server. */
  readonly client: AppClient;
  readonly port: AppPort;
  /** The tool whose result the view shows. */
  readonly tool: Tool;
  /**
   * Returns the server of a tool, if the client's server is a gateway that merges several. The view
   * can call only tools of the server of its own tool. @default the name that gateways of Lutra add
   */
  readonly serverOf?: ((tool: Tool) => string | undefined) | undefined;
  /** Name and version of the host. @default { name: "lutra-host", version: "0.1.0" } */
  readonly hostInfo?: Implementation | undefined;
  /** The surroundings of the view. @default {} */
  readonly context?: HostContext | undefined;
  /** The grants to the view, which are declared to it. @default nothing */
  readonly sandbox?: HostCapabilities["sandbox"] | undefined;
  /** Domains whose links are opened without `confirm`, such as `https://*.example.com`. @default [] */
  readonly allowedLinks?: readonly string[] | undefined;
  /** Maximum number of messages of the view in a second. Further ones are refused. @default 500 */
  readonly maxMessagesPerSecond?: number | undefined;
  /** Maximum size of a message of the view in memory, about, in bytes. @default 20971520 (20 MiB) */
  readonly maxMessageBytes?: number | undefined;
  /** Maximum number of requests of the view that have no response yet. @default 64 */
  readonly maxPendingRequests?: number | undefined;
  /** Maximum time of a request to the view, in milliseconds. @default 30000 */
  readonly viewTimeoutMs?: number | undefined;
}

/** The options that have a default. */
type Defaulted =
  | "serverOf"
  | "hostInfo"
  | "context"
  | "allowedLinks"
  | "maxMessagesPerSecond"
  | "maxMessageBytes"
  | "maxPendingRequests"
  | "viewTimeoutMs";

/** Options with every default filled in. */
export type CompleteBridgeOptions = Omit<AppBridgeOptions, Defaulted> & {
  readonly [Name in Defaulted]-?: NonNullable<AppBridgeOptions[Name]>;
};

const hooks = [
  "confirm",
  "onOpenLink",
  "onMessage",
  "onModelContext",
  "onDisplayMode",
  "onSize",
  "onLog",
  "onRecord",
  "onCloseRequest",
] as const satisfies readonly (keyof AppHooks)[];

/** The names of the options that a bridge shares with the element. */
export const sharedOptions: readonly (keyof AppBridgeOptions)[] = [
  ...hooks,
  "client",
  "serverOf",
  "hostInfo",
  "allowedLinks",
  "maxMessagesPerSecond",
  "maxMessageBytes",
  "maxPendingRequests",
  "viewTimeoutMs",
];

const limits = [
  "maxMessagesPerSecond",
  "maxMessageBytes",
  "maxPendingRequests",
  "viewTimeoutMs",
] as const;

const where = "createAppBridge";

/**
 * Completes the options.
 *
 * @throws {TypeError} for an invalid option
 */
export function withDefaults(options: AppBridgeOptions): CompleteBridgeOptions {
  requireKnownMembers(options, [...sharedOptions, "port", "tool", "context", "sandbox"], where);
  requireFunctions(where, options, [...hooks, "serverOf"]);
  for (const name of limits) {
    const value = options[name];
    if (value !== undefined && !(value > 0)) {
      throw new TypeError(`${where}: ${name}: expected a positive number`);
    }
  }
  const { allowedLinks = [] } = options;
  requireArray(`${where}: allowedLinks`, allowedLinks, "string");
  const wrong = allowedLinks.find((domain) => !isDomain(domain));
  if (wrong !== undefined) {
    throw new TypeError(`${where}: allowedLinks: expected domains such as https://example.com`);
  }
  if (!isObject(options.tool) || typeof options.tool.name !== "string") {
    throw new TypeError(`${where}: tool: expected an entry of tools/list`);
  }
  return {
    ...options,
    serverOf: options.serverOf ?? (({ _meta }) => _meta?.[originKey] as string | undefined),
    hostInfo: options.hostInfo ?? { name: "lutra-host", version: "0.1.0" },
    context: options.context ?? {},
    allowedLinks,
    maxMessagesPerSecond: options.maxMessagesPerSecond ?? 500,
    maxMessageBytes: options.maxMessageBytes ?? 20_971_520,
    maxPendingRequests: options.maxPendingRequests ?? 64,
    viewTimeoutMs: options.viewTimeoutMs ?? 30_000,
  };
}
