/**
 * The messages that a host sends to a view, and those between a host and its sandbox proxy.
 *
 * @spec ext-apps/apps#notifications-host-view, ext-apps/apps#reserved-messages-sandbox-proxy
 */
import type { JSONObject } from "../../protocol/json.ts";
import { object, optional, string } from "../../protocol/shape.ts";
import type { CallToolResult } from "../../protocol/tools.ts";
import {
  type AppNotification,
  type AppRequest,
  appNotification,
  appRequest,
} from "./app-method.ts";
import { type HostContext, hostContext } from "./host-context.ts";
import type { AppCSP, AppPermissions } from "./resource-meta.ts";
import { toolResult } from "./server-messages.ts";

export interface ToolInput {
  readonly arguments?: JSONObject;
}

const toolArguments = object({ arguments: optional(object()) });

/** The complete arguments of the call. Sent once, before its result. */
export const toolInput: AppNotification<ToolInput> = appNotification(
  "ui/notifications/tool-input",
  toolArguments,
);

/** Arguments that the model has written so far, completed to JSON. */
export const toolInputPartial: AppNotification<ToolInput> = appNotification(
  "ui/notifications/tool-input-partial",
  toolArguments,
);

/** The result of the call. */
export const toolResultReady: AppNotification<CallToolResult> = appNotification(
  "ui/notifications/tool-result",
  toolResult,
);

/** The call was cancelled, and no result follows. */
export const toolCancelled: AppNotification<{ readonly reason?: string }> = appNotification(
  "ui/notifications/tool-cancelled",
  object({ reason: optional(string) }),
);

/** The members of the context that have changed. */
export const hostContextChanged: AppNotification<HostContext> = appNotification(
  "ui/notifications/host-context-changed",
  hostContext,
);

/** Sent before the view is removed. The host waits for the result for a limited time. */
export const resourceTeardown: AppRequest<{ readonly reason?: string }> = appRequest(
  "ui/resource-teardown",
  object({ reason: optional(string) }),
  object(),
);

/** The prefix of messages that a sandbox proxy never relays. */
export const sandboxPrefix = "ui/notifications/sandbox-";

/** Sent by the proxy to the host once it can load a page. */
export const sandboxProxyReady: AppNotification<JSONObject> = appNotification(
  `${sandboxPrefix}proxy-ready`,
  object(),
);

interface SandboxResource {
  readonly html: string;
  /** The attribute `sandbox` of the inner frame. @default the proxy decides */
  readonly sandbox?: string;
  readonly csp?: AppCSP;
  readonly permissions?: AppPermissions;
}

/** Sent by the host to the proxy, with the page to load. */
export const sandboxResourceReady: AppNotification<SandboxResource> = appNotification(
  `${sandboxPrefix}resource-ready`,
  object({
    html: string,
    sandbox: optional(string),
    csp: optional(object()),
    permissions: optional(object()),
  }),
);
