/** `createServer`: compiles definitions into lookup tables and serves requests from them. */

import type { Serve } from "../protocol/exchange.ts";
import type { Implementation } from "../protocol/meta.ts";
import type { ServerTypes, Typed } from "../protocol/server-types.ts";
import { listen } from "../protocol/subscriptions.ts";
import type { EventBus } from "../stores/event-bus.ts";
import type { AdmittedMethod, ServedMethod } from "./admit.ts";
import type { Catalogue } from "./catalogue.ts";
import { type Catalogues, compileCatalogues, hasResource, resultMeta } from "./catalogues.ts";
import { coreMethods } from "./core-methods.ts";
import { announcesOf, capabilitiesOf } from "./discover.ts";
import { createDispatch, serveMethod } from "./dispatch.ts";
import {
  closeExtensions,
  type ExtensionHost,
  hostedTools,
  type InstalledExtension,
  installExtensions,
  toolCallsOf,
} from "./extension.ts";
import { filterMembersOf } from "./filter-member.ts";
import { maskError } from "./mask-error.ts";
import type { PromptDefinition } from "./prompts.ts";
import type { ResourceDefinition, ResourceTemplateDefinition } from "./resources.ts";
import { createRuntime, type Runtime } from "./runtime.ts";
import { type CompleteOptions, type ServerOptions, withDefaults } from "./server-options.ts";
import type { Shared } from "./shared.ts";
import { createSubscriptions, resourceTopic, type Subscriptions } from "./subscriptions.ts";
import type { ToolDefinition } from "./tools.ts";

/** The types that definitions carry to `createClient<typeof server>()`. */
export interface TypesOfDefinitions<
  Tools extends readonly ToolDefinition[],
  Prompts extends readonly PromptDefinition[],
  Templates extends readonly ResourceTemplateDefinition[],
> extends ServerTypes {
  readonly tools: {
    readonly [Tool in Tools[number] as Tool["name"]]: NonNullable<Tool["types"]>;
  };
  readonly prompts: {
    readonly [Prompt in Prompts[number] as Prompt["name"]]: NonNullable<Prompt["types"]>;
  };
  readonly resourceTemplates: Templates[number]["uriTemplate"];
}

/** A server: a `Serve`, and the functions that change it at run time. */
export interface Server<Types extends ServerTypes = ServerTypes> extends Typed<Types> {
  readonly info: Implementation;
  /** Answers one request. Transports, tests and gateways call no other function to do so. */
  readonly serve: Serve;
  readonly tools: Catalogue<ToolDefinition>;
  readonly resources: Catalogue<ResourceDefinition>;
  readonly resourceTemplates: Catalogue<ResourceTemplateDefinition>;
  readonly prompts: Catalogue<PromptDefinition>;
  /**
   * The bus that reaches all replicas. Applications may publish their own events on it, under
   * topics with a prefix of their own. Subscriptions made before `share` stay active.
   */
  readonly events: EventBus;
  /** Notifies the subscribers of all replicas that a resource has changed. */
  readonly resourceUpdated: (uri: string) => void;
  /**
   * Sets the state that replicas share. The program that starts the replicas calls it before the
   * first request. The options of `createServer` take precedence. Throws `TypeError` when state
   * that must be shared exists only in this process.
   */
  readonly share: (shared: Shared) => void;
  /**
   * Ends open subscriptions gracefully and closes the extensions. Other requests are still served.
   */
  readonly close: () => Promise<void>;
}

/**
 * Creates a server from definitions.
 *
 * @throws {TypeError} for invalid definitions or options
 * @example
 * ```ts
 * export default createServer({ name: "calculator", version: "1.0.0", tools: [add] });
 * ```
 */
export function createServer<
  const Tools extends readonly ToolDefinition[] = readonly [],
  const Prompts extends readonly PromptDefinition[] = readonly [],
  const Templates extends readonly ResourceTemplateDefinition[] = readonly [],
>(
  options: ServerOptions<Tools, Prompts, Templates>,
): Server<TypesOfDefinitions<Tools, Prompts, Templates>> {
  const complete = withDefaults(options);
  const runtime = createRuntime(complete);
  const catalogues = compileCatalogues(complete, runtime);
  const host: ExtensionHost = {
    ...complete,
    events: runtime.events,
    tool: hostedTools(catalogues.tools, { handles: runtime.handles, settings: complete }),
    mask: (thrown, where) => maskError(thrown, (error) => complete.onError(error, where)),
  };
  return installExtensions(complete.extensions, host, (extensions) =>
    assemble({ options: complete, runtime, catalogues, extensions }),
  );
}

interface Parts {
  readonly options: CompleteOptions;
  readonly runtime: Runtime;
  readonly catalogues: Catalogues;
  readonly extensions: readonly InstalledExtension[];
}

function assemble<Types extends ServerTypes>(parts: Parts): Server<Types> {
  const { options, runtime, catalogues, extensions } = parts;
  const subscriptions = createSubscriptions({
    bus: () => runtime.events,
    announces: announcesOf(capabilitiesOf(options)),
    hasResource: (uri) => hasResource(catalogues, uri),
    maxResources: options.maxResourceSubscriptions,
    limits: options,
    members: filterMembersOf(extensions),
    meta: resultMeta(options),
  });
  return {
    info: options.info,
    serve: createDispatch(options, extensions, compileMethods(parts, subscriptions)),
    ...catalogues,
    events: runtime.events,
    resourceUpdated: (uri) => runtime.publish(resourceTopic(uri), { uri }),
    share: (shared) => {
      runtime.share(shared);
      for (const extension of extensions) extension.share?.(shared);
      for (const catalogue of Object.values(catalogues)) catalogue.forgetPages();
    },
    close: async () => {
      subscriptions.close();
      await closeExtensions(extensions);
    },
  };
}

/** Returns the server's methods by name: those of its capabilities and those of its extensions. */
function compileMethods(
  { options, runtime, catalogues, extensions }: Parts,
  subscriptions: Subscriptions,
): ReadonlyMap<string, AdmittedMethod> {
  const methods = new Map<string, AdmittedMethod>();
  const add = (served: AdmittedMethod) => {
    const { name } = served.method;
    if (methods.has(name)) throw new TypeError(`method ${name}: served twice`);
    methods.set(name, served);
  };
  const capabilities = capabilitiesOf(options);
  const answerToolCall = toolCallsOf(extensions);
  for (const served of coreMethods(options, catalogues, { ...runtime, answerToolCall })) {
    const { capability } = served.method;
    if (capability === undefined || capabilities[capability] !== undefined) add(served);
  }
  add(serveMethod(listen, subscriptions.listen));
  for (const { id, methods: own = [] } of extensions) {
    for (const served of own) add({ ...withProtocolFields(served, options), extension: id });
  }
  return methods;
}

/**
 * Wraps a method of an extension so that its results have the members that every result must have.
 *
 * @spec basic/index#resulttype, basic/index#meta
 */
function withProtocolFields(served: ServedMethod, options: CompleteOptions): ServedMethod {
  const meta = resultMeta(options);
  return {
    ...served,
    serve: async (request, context) => {
      const result = await served.serve(request, context);
      const _meta = meta && { _meta: { ...meta, ...result._meta } };
      return { resultType: "complete", ...result, ..._meta };
    },
  };
}
