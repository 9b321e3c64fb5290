/**
 * The messages of the core protocol that views and hosts exchange. They have the fields of that
 * protocol, but no protocol fields in `_meta`. A host adds those before it forwards a request.
 *
 * @spec ext-apps/apps#standard-mcp-messages
 */
import { contentBlock } from "../../protocol/content.ts";
import type { JSONObject } from "../../protocol/json.ts";
import type { RequestId } from "../../protocol/json-rpc.ts";
import type { ProgressToken } from "../../protocol/meta.ts";
import type { Progress } from "../../protocol/progress.ts";
import { resourceContents } from "../../protocol/resource-contents.ts";
import type { ReadResourceResult } from "../../protocol/resources.ts";
import {
  boolean,
  listOf,
  number,
  object,
  optional,
  type Shape,
  string,
} from "../../protocol/shape.ts";
import type { CallToolResult, Tool } from "../../protocol/tools.ts";
import {
  type AppNotification,
  type AppRequest,
  appNotification,
  appRequest,
} from "./app-method.ts";

/** The shape of a complete result of a tool call. */
export const toolResult: Shape = object({
  content: listOf(contentBlock),
  isError: optional(boolean),
});

export interface ToolCallParams {
  readonly name: string;
  readonly arguments?: JSONObject;
  readonly _meta?: JSONObject & { readonly progressToken?: ProgressToken };
}

/** Calls a tool of the server (sent by a view), or a tool of the view (sent by a host). */
export const callTool: AppRequest<ToolCallParams, CallToolResult> = appRequest(
  "tools/call",
  object({ name: string, arguments: optional(object()), _meta: optional(object()) }),
  toolResult,
);

export interface ToolList {
  readonly tools: readonly Tool[];
  readonly nextCursor?: string;
}

/** Lists the tools of the view, or those of the server that a view may call. */
export const listTools: AppRequest<{ readonly cursor?: string }, ToolList> = appRequest(
  "tools/list",
  object({ cursor: optional(string) }),
  object({ tools: listOf(object({ name: string, inputSchema: object() })) }),
);

/** Reads a resource of the server. */
export const readResource: AppRequest<{ readonly uri: string }, ReadResourceResult> = appRequest(
  "resources/read",
  object({ uri: string }),
  object({ contents: listOf(resourceContents) }),
);

/** Checks that the other side answers. */
export const ping: AppRequest = appRequest("ping", object(), object());

/** The list of tools of the sender has changed. */
export const toolsChanged: AppNotification<JSONObject> = appNotification(
  "notifications/tools/list_changed",
  object(),
);

/** The list of resources of the server has changed. */
export const resourcesChanged: AppNotification<JSONObject> = appNotification(
  "notifications/resources/list_changed",
  object(),
);

/** The sender no longer waits for the response of its request. */
export const cancelled: AppNotification<{
  readonly requestId: RequestId;
  readonly reason?: string;
}> = appNotification("notifications/cancelled", object({ reason: optional(string) }));

/** Progress of a request whose `_meta.progressToken` has this token. */
export const progressed: AppNotification<Progress & { readonly progressToken: ProgressToken }> =
  appNotification("notifications/progress", object({ progress: number }));
