/** Puts a client together from its parts. */
import { complete } from "../protocol/completion.ts";
import { discover } from "../protocol/discover.ts";
import { encodeHeaderValue } from "../protocol/http-headers.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { JSONRPCRequest } from "../protocol/json-rpc.ts";
import type { Method } from "../protocol/method.ts";
import { getPrompt, listPrompts } from "../protocol/prompts.ts";
import { listResources, listResourceTemplates, readResource } from "../protocol/resources.ts";
import type { ServerTypes, TypesOf } from "../protocol/server-types.ts";
import type { Client, ClientMembers } from "./client-types.ts";
import { createSender } from "./create-sender.ts";
import { clientHost, type InstalledExtensions, installExtensions } from "./install-extensions.ts";
import { createInvalidation } from "./invalidation.ts";
import { createLists } from "./lists.ts";
import { type ClientOptions, methodsOf } from "./options.ts";
import { noOptions, send } from "./send.ts";
import { openSubscription } from "./subscriptions.ts";
import type { Connect, Connection, ServeTarget, Target } from "./target.ts";
import { createTools, type Follow } from "./tools.ts";

export interface CreateClient {
  /** Makes a client of a server in this process, typed by it. */
  <Server extends ServeTarget>(target: Server, options?: ClientOptions): Client<TypesOf<Server>>;
  /**
   * Makes a client of the server behind a URL or of one that a command starts. Nothing is sent
   * before the first request.
   *
   * @throws {TypeError} for a target or options that make no sense
   * @example
   * ```ts
   * import type server from "./server.ts";
   * const client = createClient<typeof server>("http://127.0.0.1:3000/mcp");
   * const { structuredContent } = await client.callTool("add", { a: 1, b: 2 });
   * await client.close();
   * ```
   */
  <Server = unknown>(target: Target, options?: ClientOptions): Client<TypesOf<Server>>;
}

/** Makes `createClient` for a platform, given its ways to servers. */
export function clientFactory(connect: Connect): CreateClient {
  return (target: Target, options: ClientOptions = {}) =>
    createClientOver(connect(target, { ...options, methods: methodsOf(options) }), options);
}

function createClientOver(connection: Connection, options: ClientOptions): Client {
  const claimsSafe = (request: JSONRPCRequest) => tools.claimsSafe(request);
  const parts = createSender({ connection, options, claimsSafe });
  const { sender, caching, versions, wire, methods } = parts;
  const lists = createLists(sender, caching);
  const { mirrorsHeaders } = connection.transport;
  let extended: InstalledExtensions;
  const follow: Follow = (result, call) => extended.follow(result, call);
  const tools = createTools(sender, lists, { mirrorsHeaders, follow });
  const invalidation = createInvalidation(caching, tools);
  const subscriptions = { sender, serve: wire, versions, ...invalidation };
  const client: Omit<Client, keyof ClientMembers<ServerTypes>> = {
    discover: async (options = noOptions) => {
      const result = await send(sender, { method: discover, params: {}, options });
      versions.choose(result.supportedVersions);
      return result;
    },
    listTools: tools.list,
    listResources: (options) => lists.all(listResources, "resources", options),
    listResourceTemplates: (options) =>
      lists.all(listResourceTemplates, "resourceTemplates", options),
    listPrompts: (options) => lists.all(listPrompts, "prompts", options),
    listToolsPage: tools.listPage,
    listResourcesPage: (cursor, options) => lists.page(listResources, cursor, options),
    listResourceTemplatesPage: (cursor, options) =>
      lists.page(listResourceTemplates, cursor, options),
    listPromptsPage: (cursor, options) => lists.page(listPrompts, cursor, options),
    callTool: tools.call as Client["callTool"],
    readResource: (uri, options) =>
      send(sender, { method: readResource, params: { uri }, options: options ?? noOptions }),
    getPrompt: (name, args = {}, options) => {
      const params = { name, arguments: args };
      return send(sender, { method: getPrompt, params, options: options ?? noOptions });
    },
    complete: (params, options = noOptions) =>
      send(sender, { method: complete, params: { ...params }, options }),
    listen: (filter, options = {}) => openSubscription(subscriptions, filter, options),
    request: (method, params = {}, options = noOptions) => {
      const addHeaders = methods.has(method.name) ? undefined : nameHeader(method, params);
      return send(sender, { method, params, options, addHeaders });
    },
    close: parts.close,
  };
  extended = installExtensions(sender.options.extensions, {
    ...client,
    ...clientHost(sender, tools),
  });
  return { ...client, ...extended.members } as Client;
}

/** The header of a method that the transport does not know. */
function nameHeader({ nameField }: Pick<Method, "nameField">, params: JSONObject) {
  const name = nameField === undefined ? undefined : params[nameField];
  return typeof name === "string" ? { "Mcp-Name": encodeHeaderValue(name) } : undefined;
}
