/** The part of a host that concerns its client and its model. */
import type { ClientExtension } from "../../client/extension.ts";
import type { InputOptions, RequestOptions } from "../../client/request-options.ts";
import type { JSONObject } from "../../protocol/json.ts";
import { malformed } from "../../protocol/method.ts";
import type { ListPromptsResult } from "../../protocol/prompts.ts";
import type { ResourceContents } from "../../protocol/resource-contents.ts";
import type {
  ListResourcesResult,
  ListResourceTemplatesResult,
  ReadResourceResult,
} from "../../protocol/resources.ts";
import type { CallToolResult, ListToolsResult, Tool } from "../../protocol/tools.ts";
import { appClientSettings } from "../protocol/capabilities.ts";
import { appMetaKey, appMimeType, appsId } from "../protocol/names.ts";
import { type AppResourceMeta, readAppResourceMeta } from "../protocol/resource-meta.ts";
import { isAppURI, isVisibleTo } from "../protocol/tool-meta.ts";

/**
 * The part of a client that hosts use. Every `Client` has it.
 */
export interface AppClient {
  listTools(options?: RequestOptions): Promise<ListToolsResult>;
  callTool(
    name: string,
    args?: JSONObject,
    options?: InputOptions<"auto">,
  ): Promise<CallToolResult>;
  readResource(uri: string, options?: InputOptions<"auto">): Promise<ReadResourceResult>;
  listResources(options?: RequestOptions): Promise<ListResourcesResult>;
  listResourcesPage(cursor?: string, options?: RequestOptions): Promise<ListResourcesResult>;
  listResourceTemplatesPage(
    cursor?: string,
    options?: RequestOptions,
  ): Promise<ListResourceTemplatesResult>;
  listPromptsPage(cursor?: string, options?: RequestOptions): Promise<ListPromptsResult>;
}

/** Creates the extension with which a client declares that its host shows apps. */
export function showApps(): ClientExtension {
  return { id: appsId, settings: { ...appClientSettings } };
}

/** Returns the tools that a model may see. Those that only an app may call are left out. */
export function toolsForModel(tools: readonly Tool[]): readonly Tool[] {
  return tools.filter((tool) => isVisibleTo(tool, "model"));
}

/** The page of an app, and what it asks of its host. */
export interface AppContents {
  readonly uri: string;
  readonly html: string;
  readonly meta: AppResourceMeta;
}

/**
 * Reads the page of an app. What it asks for is in its contents, or else in the list of resources.
 *
 * @throws {TransportError} `malformed` for contents that are not the page of an app
 * @spec ext-apps/apps#content-requirements
 */
export async function readAppPage(
  client: Pick<AppClient, "readResource" | "listResources">,
  uri: string,
  options: Pick<RequestOptions, "signal"> = {},
): Promise<AppContents> {
  if (!isAppURI(uri)) throw malformed(`${uri}: expected a ui:// URI`);
  const { contents } = await client.readResource(uri, { ...options, inputs: "auto" });
  const [found, ...more] = contents;
  if (found === undefined || more.length > 0) throw malformed(`${uri}: expected one page`);
  if (found.mimeType !== appMimeType) throw malformed(`${uri}: expected the type ${appMimeType}`);
  const listed =
    found._meta?.[appMetaKey] === undefined ? await findListed(client, uri, options) : undefined;
  return { uri, html: textOf(found), meta: readAppResourceMeta(found, listed) };
}

/** A server need not list its pages. */
async function findListed(
  client: Pick<AppClient, "listResources">,
  uri: string,
  options: Pick<RequestOptions, "signal">,
) {
  const list = await client.listResources(options).catch(() => undefined);
  return list?.resources.find((resource) => resource.uri === uri);
}

function textOf(contents: ResourceContents): string {
  if ("text" in contents) return contents.text;
  try {
    const bytes = Uint8Array.from(atob(contents.blob), (letter) => letter.charCodeAt(0));
    return new TextDecoder().decode(bytes);
  } catch {
    throw malformed(`${contents.uri}: expected base64`);
  }
}
