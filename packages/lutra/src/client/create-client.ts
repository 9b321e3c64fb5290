/** Assembles a client from its parts. */
import { complete } from "../protocol/completion.ts";
import { discover } from "../protocol/discover.ts";
import { encodeHeaderValue } from "../protocol/http-headers.ts";
import type { JSONObject } from "../protocol/json.ts";
import { type Method, nameOf } from "../protocol/method.ts";
import { getPrompt, listPrompts } from "../protocol/prompts.ts";
import { listResources, listResourceTemplates, readResource } from "../protocol/resources.ts";
import type { ServerTypes, TypesOf } from "../protocol/server-types.ts";
import { listTools } from "../protocol/tools.ts";
import type { AnswerRequest, DualTransport } from "../transport/era.ts";
import type { Client, ClientMembers } from "./client-types.ts";
import { createSender } from "./create-sender.ts";
import { gather } from "./input-required.ts";
import { clientHost, type InstalledExtensions, installExtensions } from "./install-extensions.ts";
import { createInvalidation } from "./invalidation.ts";
import { createLists } from "./lists.ts";
import { openSubscription } from "./open-subscription.ts";
import { type ClientOptions, methodsOf } from "./options.ts";
import { budgetOf, isComplete, noOptions, type Sender, send } from "./send.ts";
import type { Connect, Connection, ServeTarget, Target } from "./target.ts";
import { createTools, type Tools } from "./tools.ts";

export interface CreateClient {
  /** Creates a client of a server in this process, typed by it. */
  <Server extends ServeTarget>(target: Server, options?: ClientOptions): Client<TypesOf<Server>>;
  /**
   * Creates a client of the server at a URL or of one that a command starts. Nothing is sent before
   * the first request.
   *
   * @throws {TypeError} for an invalid target or option
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

/** Creates the `createClient` of a platform, given its transports. */
export function clientFactory(connect: Connect): CreateClient {
  return (target: Target, options: ClientOptions = {}) =>
    createClientOver(connect(target, { ...options, methods: methodsOf(options) }), options);
}

function createClientOver(connection: Connection, options: ClientOptions): Client {
  const annotationsOf: Tools["annotationsOf"] = (name) => tools.annotationsOf(name);
  const parts = createSender({ connection, options, annotationsOf });
  const { sender, caching, versions, wire, methods } = parts;
  const lists = createLists(sender, caching);
  const tools = createTools(sender, lists, connection.transport);
  const invalidation = createInvalidation(caching, new Map([[listTools.name, tools.forget]]), [
    ...methods.values(),
  ]);
  const subscriptions = { sender, serve: wire, versions, ...invalidation };
  const dual = connection.transport as Partial<DualTransport>;
  if (Object.keys(sender.options.capabilities).length > 0) dual.answer = directAnswers(sender);
  let extended: InstalledExtensions;
  const client: Omit<Client, keyof ClientMembers<ServerTypes> | "serverEra"> = {
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
    callTool: (async (name, args = {}, init = noOptions) => {
      const options = { ...init, budget: budgetOf(sender, init) };
      const first = await tools.call(name, args, options);
      const result = isComplete(first) ? first : await extended.follow(first, { name, options });
      await tools.check(name, result, options);
      return result;
    }) satisfies Tools["call"] as Client["callTool"],
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
  const host = { ...client, ...clientHost(sender, tools) };
  try {
    extended = installExtensions(sender.options.extensions, host, client);
  } catch (error) {
    // Ends what extensions before the failing one have started.
    parts.stop();
    throw error;
  }
  const all = { ...client, ...extended.members };
  const get = () => ("era" in dual ? dual.era : "modern");
  return Object.defineProperty(all, "serverEra", { get, enumerable: true }) as Client;
}

/** Answers the requests that a legacy server sends outside of a call, with the client's handlers. */
function directAnswers(sender: Sender): AnswerRequest {
  return async (request, signal) => {
    const asking = { method: request.method, name: undefined, signal };
    const answers = await gather(sender, asking, { inputRequests: { request }, round: 1 });
    return answers.request;
  };
}

/** Returns the `Mcp-Name` header of a method that the transport does not know. */
function nameHeader(method: Pick<Method, "nameField">, params: JSONObject) {
  const name = nameOf(method, params);
  return name === undefined ? undefined : { "Mcp-Name": encodeHeaderValue(name) };
}
