/**
 * The link from a tool to its page, in `_meta` of the tool.
 *
 * @spec ext-apps/apps#resource-discovery
 */
import { isObject } from "../../protocol/json.ts";
import type { Tool } from "../../protocol/tools.ts";
import { appMetaKey, appScheme, flatURIKey } from "./names.ts";

/** The callers of a tool: the model, or the app that the same server provides. */
export type ToolVisibility = "model" | "app";

/** The member `ui` in `_meta` of a tool. */
export interface AppToolMeta {
  /** The page that shows results of the tool. */
  readonly resourceUri?: string;
  /** The callers of the tool. @default ["model", "app"] */
  readonly visibility?: readonly ToolVisibility[];
}

/**
 * Returns the link of a tool to its page. The nested form takes precedence over the deprecated flat
 * key. A URI of another scheme and unknown visibilities are left out.
 */
export function readAppToolMeta({ _meta }: Pick<Tool, "_meta">): AppToolMeta {
  const nested = _meta?.[appMetaKey];
  const meta = isObject(nested) ? nested : {};
  const uri = [meta.resourceUri, _meta?.[flatURIKey]].find(isAppURI);
  const { visibility } = meta;
  return {
    ...(uri !== undefined && { resourceUri: uri }),
    ...(Array.isArray(visibility) && { visibility: visibility.filter(isVisibility) }),
  };
}

/** Returns true when the model or the app may call a tool. */
export function isVisibleTo(tool: Pick<Tool, "_meta">, who: ToolVisibility): boolean {
  return readAppToolMeta(tool).visibility?.includes(who) ?? true;
}

/** Returns true for the URI of a UI resource. */
export function isAppURI(value: unknown): value is string {
  return typeof value === "string" && value.startsWith(appScheme);
}

function isVisibility(value: unknown): value is ToolVisibility {
  return value === "model" || value === "app";
}
