/**
 * The requests of the page of an app to its host, in `_meta` of the contents of the UI resource.
 *
 * @spec ext-apps/apps#ui-resource-format
 */
import { isObject, type JSONObject } from "../../protocol/json.ts";
import { appMetaKey } from "./names.ts";

/** Origins that the page of an app may use. All others are blocked. */
export interface AppCSP {
  /** Origins of requests with `fetch`, XHR and WebSocket. @default none */
  readonly connectDomains?: readonly string[];
  /** Origins of images, scripts, styles, fonts and media. @default none */
  readonly resourceDomains?: readonly string[];
  /** Origins of nested frames. @default none */
  readonly frameDomains?: readonly string[];
  /** Origins that `<base>` may name. @default none */
  readonly baseUriDomains?: readonly string[];
}

/** Features of the browser that an app asks for. A host may refuse each of them. */
export interface AppPermissions {
  readonly camera?: JSONObject;
  readonly microphone?: JSONObject;
  readonly geolocation?: JSONObject;
  readonly clipboardWrite?: JSONObject;
}

/** The member `ui` in `_meta` of the contents of a UI resource. */
export interface AppResourceMeta {
  readonly csp?: AppCSP;
  readonly permissions?: AppPermissions;
  /** An origin of its own for the view. Each host defines the format, and may refuse others. */
  readonly domain?: string;
  /** True for a visible border and background from the host. @default the host decides */
  readonly prefersBorder?: boolean;
}

/** The lists of `AppCSP`. */
export const domainLists: readonly (keyof AppCSP)[] = [
  "connectDomains",
  "resourceDomains",
  "frameDomains",
  "baseUriDomains",
];

/** The features of Permissions Policy, by the names of `AppPermissions`. */
export const permissionFeatures: { readonly [Name in keyof AppPermissions]-?: string } = {
  camera: "camera",
  microphone: "microphone",
  geolocation: "geolocation",
  clipboardWrite: "clipboard-write",
};

/**
 * Returns what a page asks for, without members of another type. The contents of a read take
 * precedence over the entry of a list; they are not merged.
 *
 * @param contents The contents of the resource, or the entry of a list
 * @param listed The entry of `resources/list`, if it is known
 */
export function readAppResourceMeta(
  contents: { readonly _meta?: JSONObject },
  listed?: { readonly _meta?: JSONObject },
): AppResourceMeta {
  const found = [contents, listed].map((entry) => entry?._meta?.[appMetaKey]).find(isObject);
  const { csp, permissions, domain, prefersBorder } = found ?? {};
  return {
    ...(isObject(csp) && { csp: readCSP(csp) }),
    ...(isObject(permissions) && { permissions: readPermissions(permissions) }),
    ...(typeof domain === "string" && { domain }),
    ...(typeof prefersBorder === "boolean" && { prefersBorder }),
  };
}

function readCSP(csp: JSONObject): AppCSP {
  const lists = domainLists.flatMap((name) => {
    const list = csp[name];
    return Array.isArray(list) ? [[name, list.filter(isText)] as const] : [];
  });
  return Object.fromEntries(lists);
}

function readPermissions(permissions: JSONObject): AppPermissions {
  const names = Object.keys(permissionFeatures).filter((name) => isObject(permissions[name]));
  return Object.fromEntries(names.map((name) => [name, {}]));
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
