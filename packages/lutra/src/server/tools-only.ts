/**
 * `lutra/server/tools`: servers of tools that need nothing from their client, for small bundles.
 * They have no prompts, resources and extensions, and their handlers run once for each call.
 */
import type { JSONSchemaValidator } from "../schema/json-schema.ts";
import { createJSONSchemaValidator } from "../schema/json-schema.ts";
import type { Input, Output } from "../schema/schema.ts";
import type { HandleStore } from "../stores/handle-store.ts";
import { CompiledCatalogue } from "./catalogue.ts";
import type { Catalogues, SharedInit } from "./catalogues.ts";
import { compileServer, type Server, type TypesOfDefinitions } from "./compile-server.ts";
import type { Entries, Features } from "./features.ts";
import { absentFromTools, createNoStates, executeOnce } from "./handler/plain-round.ts";
import type { ServerOptions } from "./server-options.ts";
import type { ToolDefinition } from "./tools.ts";

export { text } from "../protocol/content.ts";
export type { Principal } from "../protocol/exchange.ts";
export { audio, image } from "./content.ts";
export type { HandlerContext } from "./handler/handler-context.ts";
export { isToolError, ToolError, toolResult } from "./results.ts";
export type { ToolArguments, ToolOptions, ToolReturn } from "./tools.ts";
export { defineTool } from "./tools.ts";
export type { Input, JSONSchemaValidator, Output, ToolDefinition };

/** An option of `createServer` that these servers do not have. */
type AbsentOption =
  | "resources"
  | "resourceTemplates"
  | "prompts"
  | "extensions"
  | "replayGuard"
  | "inputTtlMs"
  | "maxStateBytes"
  | "replayGraceMs";

const absentOptions: { readonly [Name in AbsentOption]: true } = {
  resources: true,
  resourceTemplates: true,
  prompts: true,
  extensions: true,
  replayGuard: true,
  inputTtlMs: true,
  maxStateBytes: true,
  replayGraceMs: true,
};

export interface ToolServerOptions<
  Tools extends readonly ToolDefinition[] = readonly ToolDefinition[],
> extends Omit<ServerOptions<Tools>, AbsentOption> {}

/** A server of tools. */
export type ToolServer<Tools extends readonly ToolDefinition[] = readonly ToolDefinition[]> = Omit<
  Server<TypesOfDefinitions<Tools, readonly [], readonly []>>,
  "resources" | "resourceTemplates" | "prompts" | "resourceUpdated"
>;

/**
 * Creates a server of tools. The context of their handlers has no `elicit`, `sample`, `roots`, `step`
 * and `sleep`; these throw a `TypeError`.
 *
 * @throws {TypeError} for invalid definitions or options, and for options of other servers
 * @example
 * ```ts
 * const server = createServer({ name: "calculator", version: "1.0.0", tools: [add] });
 * export default { fetch: createFetchHandler(server) };
 * ```
 */
export function createServer<const Tools extends readonly ToolDefinition[] = readonly []>(
  options: ToolServerOptions<Tools>,
): ToolServer<Tools> {
  const given: ServerOptions = options;
  const names = Object.keys(absentOptions) as AbsentOption[];
  const absent = names.find((name) => given[name] !== undefined);
  if (absent !== undefined) throw absentFromTools(`createServer: ${absent}`);
  return compileServer(given, toolFeatures);
}

const noEntries: Entries = {
  compile: (_options, shared) => ({
    resources: empty("resources", shared),
    resourceTemplates: empty("resourceTemplates", shared),
    prompts: empty("prompts", shared),
  }),
  methods: () => [],
  followable: () => [],
};

const toolFeatures: Features = {
  createValidator: createJSONSchemaValidator,
  execute: executeOnce,
  createStates: createNoStates,
  createHandles: createNoHandles,
  createReplayGuard: () => ({ isShared: true, claim: async () => false }),
  entries: noEntries,
  extensions: {
    install: (_parts, use) => use([]),
    toolCallsOf: () => undefined,
    methodsOf: () => [],
    filterOf: () => () => undefined,
    close: async () => {},
  },
};

/** Creates a list that is not declared, so nothing can be added to it. */
function empty<Definition, Compiled>(
  field: keyof Catalogues,
  { announce: _, ...shared }: SharedInit,
): CompiledCatalogue<Definition, Compiled> {
  const unused = () => {
    throw absentFromTools(field);
  };
  const functions = { compile: unused, keyOf: unused, shown: unused, onChange: unused };
  const init = { ...shared, ...functions, field, isOffered: false };
  return new CompiledCatalogue<Definition, Compiled>(init, []);
}

/** Creates a store for servers without the option `handles`. */
function createNoHandles(): HandleStore {
  const absent = async () => {
    throw new TypeError("context.handleStore: pass handles to createServer of lutra/server/tools");
  };
  return {
    isShared: true,
    create: absent,
    get: absent,
    replace: absent,
    delete: absent,
    sweep: async () => 0,
    close: async () => {},
  };
}
