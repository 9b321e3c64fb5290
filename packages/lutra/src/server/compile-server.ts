/** Compiles definitions into lookup tables and serves requests from them. */

import type { Serve } from "../protocol/exchange.ts";
import type { Implementation } from "../protocol/meta.ts";
import type { ServerTypes, Typed } from "../protocol/server-types.ts";
import { listen } from "../protocol/subscriptions.ts";
import type { EventBus } from "../stores/event-bus.ts";
import type { AdmittedMethod } from "./admit.ts";
import type { Catalogue } from "./catalogue.ts";
import { compileCatalogues, resultMeta } from "./catalogues.ts";
import { coreMethods } from "./core-methods.ts";
import { announcesOf, capabilitiesOf } from "./discover.ts";
import { createDispatch, serveMethod } from "./dispatch.ts";
import type { InstalledExtension } from "./extension.ts";
import type { Features, HostParts } from "./features.ts";
import { shortenStack } from "./print-error.ts";
import type { PromptDefinition } from "./prompts.ts";
import type { ResourceDefinition, ResourceTemplateDefinition } from "./resources.ts";
import { createRuntime } from "./runtime.ts";
import { type CompleteOptions, type ServerOptions, withDefaults } from "./server-options.ts";
import type { SessionState } from "./session-state.ts";
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
  /** Answers one request. Transports, gateways and tests send all their requests through it. */
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
   * Sets the state that replicas share. The program that serves requests, for example each replica
   * of `lutra up`, calls it before the first one. The options of `createServer` take precedence.
   * Throws `TypeError` when state that must be shared exists only in this process.
   */
  readonly share: (shared: Shared) => void;
  /**
   * Returns the scopes that a caller needs for a tool, prompt or resource, as far as they do not
   * depend on arguments. Handlers of HTTP refuse callers by them before they read a body.
   */
  readonly requiredScopes: (method: string, name: string) => readonly string[];
  /** The state with which transports serve clients of earlier revisions. Replicas share it. */
  readonly sessions: SessionState;
  /**
   * Ends open subscriptions gracefully and closes the extensions. Other requests are still served.
   */
  readonly close: () => Promise<void>;
}

/**
 * Creates a server that has these features.
 *
 * @throws {TypeError} for invalid definitions or options
 */
export function compileServer<Types extends ServerTypes>(
  options: ServerOptions,
  features: Features,
): Server<Types> {
  try {
    return compile(withDefaults(options, features.createValidator), features);
  } catch (error) {
    shortenStack(error);
    throw error;
  }
}

function compile<Types extends ServerTypes>(
  complete: CompleteOptions,
  features: Features,
): Server<Types> {
  const runtime = createRuntime(complete, features);
  const catalogues = compileCatalogues(complete, runtime, features.entries.compile);
  const parts = { options: complete, features, runtime, catalogues };
  return features.extensions.install(parts, (extensions) => assemble({ ...parts, extensions }));
}

interface Parts extends HostParts {
  readonly features: Features;
  readonly extensions: readonly InstalledExtension[];
}

function assemble<Types extends ServerTypes>(parts: Parts): Server<Types> {
  const { options, features, runtime, catalogues, extensions } = parts;
  const subscriptions = createSubscriptions({
    bus: () => runtime.events,
    announces: announcesOf(capabilitiesOf(options)),
    followable: (uris, principal) => features.entries.followable(catalogues, uris, principal),
    maxResources: options.maxResourceSubscriptions,
    limits: options,
    acceptMembers: features.extensions.filterOf(extensions),
    meta: resultMeta(options),
  });
  const methods = compileMethods(parts, subscriptions);
  const dispatch = createDispatch(options, extensions, methods);
  return {
    info: options.info,
    serve: dispatch.serve,
    requiredScopes: (method, name) => methods.get(method)?.scopesOf?.(name) ?? [],
    ...catalogues,
    events: runtime.events,
    sessions: runtime,
    resourceUpdated: (uri) => runtime.publish(resourceTopic(uri), { uri }),
    share: (shared) => {
      const complete = runtime.share(shared);
      dispatch.observe(runtime.settings.observer);
      for (const extension of extensions) extension.share?.(complete);
      for (const catalogue of Object.values(catalogues)) catalogue.forgetPages();
    },
    close: async () => {
      subscriptions.close();
      await features.extensions.close(extensions);
    },
  };
}

/** Returns the server's methods by name: those of its capabilities and those of its extensions. */
function compileMethods(
  { options, features, runtime, catalogues, extensions }: Parts,
  subscriptions: Subscriptions,
): ReadonlyMap<string, AdmittedMethod> {
  const methods = new Map<string, AdmittedMethod>();
  const add = (served: AdmittedMethod) => {
    const { name } = served.method;
    if (methods.has(name)) throw new TypeError(`method ${name}: served twice`);
    methods.set(name, served);
  };
  const capabilities = capabilitiesOf(options);
  const answerToolCall = features.extensions.toolCallsOf(extensions);
  const { entries } = features;
  for (const served of coreMethods(options, catalogues, { ...runtime, answerToolCall, entries })) {
    const { capability } = served.method;
    if (capability === undefined || capabilities[capability] !== undefined) add(served);
  }
  add(serveMethod(listen, subscriptions.listen));
  for (const served of features.extensions.methodsOf(extensions, options)) add(served);
  return methods;
}
