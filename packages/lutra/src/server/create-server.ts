/**
 * `createServer`: declared once, compiled once, serves many.
 */

import type { Serve } from "../protocol/exchange.ts";
import type { Implementation } from "../protocol/meta.ts";
import type { ServerTypes, Typed } from "../protocol/server-types.ts";
import { listen } from "../protocol/subscriptions.ts";
import type { EventBus } from "../stores/event-bus.ts";
import type { AdmittedMethod, ServedMethod } from "./admit.ts";
import type { Catalogue } from "./catalogue.ts";
import { compileCatalogues, hasResource, resultMeta } from "./catalogues.ts";
import { coreMethods } from "./core-methods.ts";
import { announcesOf, capabilitiesOf } from "./discover.ts";
import { createDispatch, serveMethod } from "./dispatch.ts";
import { hostedTools, installExtensions, toolCallsOf } from "./extension.ts";
import { maskError } from "./mask-error.ts";
import type { PromptDefinition } from "./prompts.ts";
import type { ResourceDefinition, ResourceTemplateDefinition } from "./resources.ts";
import { createRuntime } from "./runtime.ts";
import { type CompleteOptions, type ServerOptions, withDefaults } from "./server-options.ts";
import type { Shared } from "./shared.ts";
import { createSubscriptions, resourceTopic } from "./subscriptions.ts";
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

/** A server: a `Serve`, and what changes it offers at run time. */
export interface Server<Types extends ServerTypes = ServerTypes> extends Typed<Types> {
  readonly info: Implementation;
  /** Answers one request. Transports, tests and gateways call nothing else. */
  readonly serve: Serve;
  readonly tools: Catalogue<ToolDefinition>;
  readonly resources: Catalogue<ResourceDefinition>;
  readonly resourceTemplates: Catalogue<ResourceTemplateDefinition>;
  readonly prompts: Catalogue<PromptDefinition>;
  /**
   * The bus that reaches all replicas, for events of the application's own. Their topics should
   * begin with a name of yours. Whoever subscribed before `share` stays subscribed.
   */
  readonly events: EventBus;
  /** Tells subscribers of all replicas that a resource has changed. */
  readonly resourceUpdated: (uri: string) => void;
  /**
   * Sets what replicas have in common; called by whoever starts them, before the first request.
   * What the options of `createServer` say goes first. Throws `TypeError` when something that must
   * be shared is only in this process.
   */
  readonly share: (shared: Shared) => void;
  /**
   * Ends open subscriptions gracefully, and what extensions run in the background. Other requests
   * are still answered.
   */
  readonly close: () => Promise<void>;
}

/**
 * Makes a server from definitions.
 *
 * @throws {TypeError} for definitions or options that make no sense
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
  const capabilities = capabilitiesOf(complete);
  const extensions = installExtensions(complete.extensions, {
    ...complete,
    events: runtime.events,
    tool: hostedTools(catalogues.tools, runtime.handles),
    mask: (thrown, where) => maskError(thrown, (error) => complete.onError(error, where)),
  });
  const subscriptions = createSubscriptions({
    bus: () => runtime.events,
    announces: announcesOf(capabilities),
    hasResource: (uri) => hasResource(catalogues, uri),
    maxResources: complete.maxResourceSubscriptions,
    members: extensions.flatMap(({ id: extension, filters = [] }) =>
      filters.map((member) => ({ ...member, extension })),
    ),
    meta: resultMeta(complete),
  });
  const methods = new Map<string, AdmittedMethod>();
  const add = (served: AdmittedMethod) => {
    if (methods.has(served.method.name)) throw new TypeError(`${served.method.name}: served twice`);
    methods.set(served.method.name, served);
  };
  const answerToolCall = toolCallsOf(extensions);
  for (const served of coreMethods(complete, catalogues, { ...runtime, answerToolCall })) {
    const { capability } = served.method;
    if (capability === undefined || capabilities[capability] !== undefined) add(served);
  }
  add(serveMethod(listen, subscriptions.listen));
  for (const { id, methods: own = [] } of extensions) {
    for (const served of own) add({ ...withProtocolFields(served, complete), extension: id });
  }

  return {
    info: complete.info,
    serve: createDispatch(complete, extensions, methods),
    ...catalogues,
    events: runtime.events,
    resourceUpdated: (uri) => void runtime.events.publish(resourceTopic(uri), { uri }),
    share: (shared) => {
      runtime.share(shared);
      for (const extension of extensions) extension.share?.(shared);
      for (const catalogue of Object.values(catalogues)) catalogue.forgetPages();
    },
    close: async () => {
      subscriptions.close();
      await Promise.all(extensions.map((extension) => extension.close?.()));
    },
  };
}

/**
 * Adds what every result has to those of an extension that left it out.
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
