/** `lutra/apps`: tools with a page that shows their results, the extension `io.modelcontextprotocol/ui`. */

// For users.

export type { AppCSP, AppPermissions } from "./protocol/resource-meta.ts";
export type { ToolVisibility } from "./protocol/tool-meta.ts";
export type { App, AppOptions } from "./server/app.ts";
export { app } from "./server/app.ts";
export type { AppTool, AppToolOptions, Fallback } from "./server/app-tool.ts";
export { appTool } from "./server/app-tool.ts";
export { apps } from "./server/apps.ts";
export type { AppPage } from "./server/load-page.ts";

// For hosts and gateways.

export type { AppClientSettings } from "./protocol/capabilities.ts";
export { appClientSettings } from "./protocol/capabilities.ts";
export { domainCovers, domainIncludes, isDomain } from "./protocol/domains.ts";
export {
  appMetaKey,
  appMimeType,
  appsId,
  appsRevision,
  flatURIKey,
  originKey,
} from "./protocol/names.ts";
export type { AppResourceMeta } from "./protocol/resource-meta.ts";
export { readAppResourceMeta } from "./protocol/resource-meta.ts";
export type { AppToolMeta } from "./protocol/tool-meta.ts";
export { isAppURI, isVisibleTo, readAppToolMeta } from "./protocol/tool-meta.ts";
