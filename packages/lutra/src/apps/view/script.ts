/** The library for pages without a bundler: a script that defines the global `lutraView`. */
import { createView } from "./create-view.ts";
import { applyHostContext } from "./theme.ts";
import { viewTool } from "./view-tools.ts";

Object.assign(globalThis, { lutraView: { createView, viewTool, applyHostContext } });
