/**
 * Requests of a view for its server. The client sends them as requests of its own: with its protocol
 * fields, headers and ids, with input requests answered and tasks followed to their result.
 *
 * @spec ext-apps/apps#standard-mcp-messages, ext-apps/apps#visibility
 */
import { invalidParams } from "../../../protocol/errors.ts";
import type { JSONObject } from "../../../protocol/json.ts";
import { isRequestId, type Result } from "../../../protocol/json-rpc.ts";
import { metaKeys } from "../../../protocol/meta.ts";
import { listPrompts } from "../../../protocol/prompts.ts";
import { listResources, listResourceTemplates } from "../../../protocol/resources.ts";
import { object, optional, string } from "../../../protocol/shape.ts";
import type { Tool } from "../../../protocol/tools.ts";
import { type AppRequest, appRequest } from "../../protocol/app-method.ts";
import { refusal } from "../../protocol/messages.ts";
import { callTool, listTools, progressed, readResource } from "../../protocol/server-messages.ts";
import { isVisibleTo } from "../../protocol/tool-meta.ts";
import { type ViewRequest, type ViewRequestScope, viewRequest } from "./view-request.ts";

/** A request for one page of a list. Views send those of the official package. */
function pageOf(name: string): AppRequest<{ readonly cursor?: string }> {
  return appRequest(name, object({ cursor: optional(string) }), object());
}

/** The requests that a view may send to its server. */
export const serverRequests: readonly ViewRequest[] = [
  viewRequest(callTool, async (params, scope) => {
    const { name, arguments: args = {}, _meta: meta = {} } = params;
    const { signal, options, allow } = scope;
    const tool = await requireAppTool(name, scope);
    await allow({ kind: "callTool", tool, arguments: args });
    const result = await options.client.callTool(name, args, {
      signal,
      meta: withoutProtocolFields(meta),
      ...progressOf(meta, scope),
    });
    return withoutType(result);
  }),
  viewRequest(readResource, async ({ uri }, { signal, options, allow }) => {
    await allow({ kind: "readResource", uri });
    return withoutType(await options.client.readResource(uri, { signal, inputs: "auto" }));
  }),
  viewRequest(listTools, async (_, { signal, options }) => {
    const { tools } = await options.client.listTools({ signal });
    return { tools: tools.filter((tool) => isForApp(tool, options)) };
  }),
  viewRequest(pageOf(listResources.name), async ({ cursor }, { signal, options }) =>
    withoutType(await options.client.listResourcesPage(cursor, { signal })),
  ),
  viewRequest(pageOf(listResourceTemplates.name), async ({ cursor }, { signal, options }) =>
    withoutType(await options.client.listResourceTemplatesPage(cursor, { signal })),
  ),
  viewRequest(pageOf(listPrompts.name), async ({ cursor }, { signal, options }) =>
    withoutType(await options.client.listPromptsPage(cursor, { signal })),
  ),
];

/**
 * Returns the entry of a tool that the view may call. A tool that is not listed is refused, because
 * its visibility is unknown.
 */
async function requireAppTool(name: string, scope: ViewRequestScope): Promise<Tool> {
  const { signal, options } = scope;
  const { tools } = await options.client.listTools({ signal });
  const tool = tools.find((entry) => entry.name === name);
  if (tool === undefined) throw invalidParams(`Unknown tool: ${name}`);
  if (!isForApp(tool, options)) throw refusal(`Tool ${name}: expected one that apps may call`);
  return tool;
}

/** True for a tool of the same server that apps may call. */
function isForApp(tool: Tool, { serverOf, tool: own }: ViewRequestScope["options"]): boolean {
  return isVisibleTo(tool, "app") && serverOf(tool) === serverOf(own);
}

/** Passes progress to the view under the token that the view chose. */
function progressOf(meta: JSONObject, { notify, signal }: ViewRequestScope) {
  const progressToken = meta[metaKeys.progressToken];
  if (!isRequestId(progressToken)) return {};
  return {
    onProgress: (progress: { readonly progress: number }) => {
      if (!signal.aborted) notify(progressed, { ...progress, progressToken });
    },
  };
}

const reserved = new Set<string>(Object.values(metaKeys));

function withoutProtocolFields(meta: JSONObject): JSONObject {
  return Object.fromEntries(Object.entries(meta).filter(([key]) => !reserved.has(key)));
}

/** The messages of views have no result types. */
function withoutType<R extends Result>({ resultType: _, ...result }: R): Omit<R, "resultType"> {
  return result;
}
