/** The methods of the core protocol. Extensions add their own. */
import { complete } from "./completion.ts";
import { discover } from "./discover.ts";
import type { Method } from "./method.ts";
import { getPrompt, listPrompts } from "./prompts.ts";
import { listResources, listResourceTemplates, readResource } from "./resources.ts";
import { listen } from "./subscriptions.ts";
import { callTool, listTools } from "./tools.ts";

export const coreMethods: readonly Method[] = Object.freeze([
  discover,
  listTools,
  callTool,
  listResources,
  listResourceTemplates,
  readResource,
  listPrompts,
  getPrompt,
  complete,
  listen,
]);
