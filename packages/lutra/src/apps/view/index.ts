/** `lutra/apps/view`: the library inside the page of an app. */
export type { RequestOptions } from "./channel.ts";
export { createView } from "./create-view.ts";
export { applyHostContext } from "./theme.ts";
export type { ViewTool, ViewToolReturn } from "./view-tools.ts";
export { viewTool } from "./view-tools.ts";
export type { View, ViewOf, ViewOptions, ViewResult, ViewState, ViewTypes } from "./view-types.ts";
