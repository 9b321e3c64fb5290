/**
 * The surroundings of a view: theme, sizes, language and device, as its host reports them.
 *
 * @spec ext-apps/apps#host-context-in-mcpuiinitializeresult, ext-apps/apps#container-dimensions
 */
import type { RequestId } from "../../protocol/json-rpc.ts";
import {
  listOf,
  number,
  object,
  oneOf,
  optional,
  type Shape,
  string,
} from "../../protocol/shape.ts";
import type { Tool } from "../../protocol/tools.ts";
import { type DisplayMode, displayMode } from "./capabilities.ts";
import type { StyleVariable } from "./style-variables.ts";

/** The host fixes a dimension, or limits it and follows the view, or neither. In CSS pixels. */
export interface ContainerDimensions {
  readonly width?: number;
  readonly maxWidth?: number;
  readonly height?: number;
  readonly maxHeight?: number;
}

/** Every member may be absent. Hosts may add members of their own. */
export interface HostContext {
  /** The call whose result the view shows. */
  readonly toolInfo?: { readonly id?: RequestId; readonly tool: Tool };
  readonly theme?: "light" | "dark";
  readonly styles?: {
    readonly variables?: { readonly [Name in StyleVariable]?: string };
    /** `fonts` contains `@font-face` and `@import` rules. */
    readonly css?: { readonly fonts?: string };
  };
  readonly displayMode?: DisplayMode;
  readonly availableDisplayModes?: readonly DisplayMode[];
  readonly containerDimensions?: ContainerDimensions;
  /** BCP 47. */
  readonly locale?: string;
  /** IANA. */
  readonly timeZone?: string;
  readonly userAgent?: string;
  readonly platform?: "web" | "desktop" | "mobile";
  readonly deviceCapabilities?: { readonly touch?: boolean; readonly hover?: boolean };
  /** In CSS pixels. */
  readonly safeAreaInsets?: {
    readonly top: number;
    readonly right: number;
    readonly bottom: number;
    readonly left: number;
  };
  readonly [member: string]: unknown;
}

const length = optional(number);

/** The shape of a complete or partial context. */
export const hostContext: Shape = object({
  toolInfo: optional(object({ tool: object({ name: string }) })),
  theme: optional(oneOf("light", "dark")),
  styles: optional(object({ variables: optional(object()), css: optional(object()) })),
  displayMode: optional(displayMode),
  availableDisplayModes: optional(listOf(string)),
  containerDimensions: optional(
    object({ width: length, maxWidth: length, height: length, maxHeight: length }),
  ),
  locale: optional(string),
  timeZone: optional(string),
  safeAreaInsets: optional(object({ top: number, right: number, bottom: number, left: number })),
});
