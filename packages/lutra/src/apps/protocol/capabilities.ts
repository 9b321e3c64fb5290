/**
 * The capabilities of hosts and views in `ui/initialize`, and the settings of the extension.
 *
 * @spec ext-apps/apps#app-capabilities-in-uiinitialize, ext-apps/apps#host-capabilities,
 *   ext-apps/apps#display-modes, ext-apps/apps#client-host-capabilities
 */
import type { JSONObject } from "../../protocol/json.ts";
import { listOf, object, oneOf, optional, type Shape } from "../../protocol/shape.ts";
import { appMimeType } from "./names.ts";
import type { AppCSP, AppPermissions } from "./resource-meta.ts";

export type DisplayMode = "inline" | "fullscreen" | "pip";

/** The shape of a display mode. */
export const displayMode: Shape = oneOf("inline", "fullscreen", "pip");

/** The kinds of content that a host accepts from a view. */
export interface AcceptedContent {
  readonly text?: JSONObject;
  readonly image?: JSONObject;
  readonly audio?: JSONObject;
  readonly resource?: JSONObject;
  readonly resourceLink?: JSONObject;
  readonly structuredContent?: JSONObject;
}

/** The offers of a host to a view. An absent member means that it is not offered. */
export interface HostCapabilities {
  readonly experimental?: { readonly [key: string]: JSONObject };
  readonly openLinks?: JSONObject;
  readonly downloadFile?: JSONObject;
  /** Calls of the tools of the app's server. */
  readonly serverTools?: { readonly listChanged?: boolean };
  /** Reads of the resources of the app's server. */
  readonly serverResources?: { readonly listChanged?: boolean };
  readonly logging?: JSONObject;
  /** The grants to this view. */
  readonly sandbox?: { readonly permissions?: AppPermissions; readonly csp?: AppCSP };
  readonly updateModelContext?: AcceptedContent;
  readonly message?: AcceptedContent;
  readonly sampling?: { readonly tools?: JSONObject };
}

/** The offers of a view to its host. */
export interface AppCapabilities {
  readonly experimental?: { readonly [key: string]: JSONObject };
  /** The view has tools that the host may call. */
  readonly tools?: { readonly listChanged?: boolean };
  /** All display modes that the view supports. */
  readonly availableDisplayModes?: readonly DisplayMode[];
}

/** The settings that a client declares for the extension in each request. */
export interface AppClientSettings {
  readonly mimeTypes: readonly string[];
}

/** The settings of a client that shows apps. */
export const appClientSettings: AppClientSettings = Object.freeze({
  mimeTypes: Object.freeze([appMimeType]),
});

/** The shape of the capabilities of a view. */
export const appCapabilities: Shape = object({
  experimental: optional(object()),
  tools: optional(object()),
  availableDisplayModes: optional(listOf(displayMode)),
});

/** The shape of the capabilities of a host. */
export const hostCapabilities: Shape = object({
  openLinks: optional(object()),
  downloadFile: optional(object()),
  serverTools: optional(object()),
  serverResources: optional(object()),
  logging: optional(object()),
  sandbox: optional(object()),
  updateModelContext: optional(object()),
  message: optional(object()),
});
