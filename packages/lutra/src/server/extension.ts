/**
 * Extensions of a server. They have no effect until a server lists them.
 *
 * @spec basic/versioning#extension-negotiation
 */
import type { CacheHints } from "../protocol/caching.ts";
import type { ClientCapabilities } from "../protocol/capabilities.ts";
import type { ProtocolError } from "../protocol/errors.ts";
import type { Middleware, RequestContext } from "../protocol/exchange.ts";
import type { ExtensionStage } from "../protocol/extension-stage.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { Implementation } from "../protocol/meta.ts";
import { isExtensionId } from "../protocol/meta.ts";
import type { JSONSchemaValidator } from "../schema/json-schema.ts";
import type { EventBus } from "../stores/event-bus.ts";
import type { ServedMethod } from "./admit.ts";
import type { CatalogueInit, CompiledCatalogue } from "./catalogue.ts";
import type { CompiledTool } from "./compile-tool.ts";
import type { FilterMember } from "./filter-member.ts";
import type { Observer } from "./handler/observer.ts";
import type { RoundInit } from "./handler/round.ts";
import type { ResourceDefinition, ResourceTemplateDefinition } from "./resources.ts";
import type { Shared } from "./shared.ts";
import { type AnswerToolCall, answerInRequest } from "./tool-call.ts";
import type { ToolDefinition } from "./tools.ts";

/** The parts that an extension adds to the server that lists it. */
export interface ExtensionParts {
  /**
   * Methods of the extension. A request for one of them from a client that did not declare the
   * extension is refused with `missingRequiredClientCapability`, unless the extension `isServerOnly`.
   */
  readonly methods?: readonly ServedMethod[];
  /**
   * Wraps the server's methods, for example to answer a call with a result type of its own. Runs
   * inside the server's own middleware.
   */
  readonly middleware?: Middleware;
  /** Wraps the function that answers tool calls, which is called after all checks. */
  readonly answerToolCall?: (next: AnswerToolCall) => AnswerToolCall;
  /** Members of the filter of `subscriptions/listen`, for clients that declared the extension. */
  readonly filters?: readonly FilterMember[];
  /**
   * Called with the state that replicas share, before the first request. Throws `TypeError` when
   * state that must be shared exists only in this process.
   */
  readonly share?: (shared: Shared) => void;
  /** Ends background work. Called once, after `close` of the extensions that are listed later. */
  readonly close?: () => void | Promise<void>;
}

/** A tool that an extension can run outside of a request. */
interface HostedTool extends Pick<CompiledTool, "definition"> {
  readonly runRound: (
    init: Omit<RoundInit, "handles" | "settings" | "isDetached">,
  ) => ReturnType<CompiledTool["runRound"]>;
}

/** The members of a list of an extension; the server adds the others. */
export type ExtensionListInit<Definition, Compiled> = Pick<
  CatalogueInit<Definition, Compiled>,
  "field" | "compile" | "keyOf" | "normal" | "shown"
> &
  Partial<Pick<CatalogueInit<Definition, Compiled>, "hints">>;

/** The parts of the server that an extension can use. */
export interface ExtensionHost {
  readonly info: Implementation;
  /** The freshness of lists. */
  readonly cache: CacheHints;
  /**
   * Replaces the resources of an extension, which the lists and methods of resources then contain, and
   * notifies subscribers. The extension must have set `hasResources`.
   *
   * @throws {TypeError} for an invalid definition, and for a URI that is in use
   */
  readonly setResources: (extension: string, definitions: readonly ResourceDefinition[]) => void;
  /** Notifies the subscribers of all replicas that a resource has changed. */
  readonly resourceUpdated: (uri: string) => void;
  /** Creates a list with pages and cursors, as those of the core. */
  readonly createList: <Definition, Compiled>(
    init: ExtensionListInit<Definition, Compiled>,
    definitions: readonly Definition[],
  ) => Pick<CompiledCatalogue<Definition, Compiled>, "get" | "page">;
  /** The bus that reaches all replicas. */
  readonly events: EventBus;
  /** Returns the current definition of a tool. */
  readonly tool: (name: string) => HostedTool | undefined;
  /** The definitions with which the server was created. Later changes are not shown. */
  readonly tools?: readonly ToolDefinition[];
  readonly resources?: readonly ResourceDefinition[];
  readonly resourceTemplates?: readonly ResourceTemplateDefinition[];
  readonly validator: JSONSchemaValidator;
  /** Returns the error that the client receives for a thrown value, and reports a masked one. */
  readonly mask: (thrown: unknown, where: string) => ProtocolError;
  readonly onError: (error: unknown, where: string) => void;
  readonly onWarning: (message: string) => void;
  readonly now: () => number;
  /** Returns the observer of the server, which `share` may set. */
  readonly currentObserver: () => Observer | undefined;
}

/** Adds methods and behaviour to a server. */
export interface Extension extends ExtensionParts {
  /** `{vendor}/{name}`; the vendor is a reversed domain name. */
  readonly id: string;
  /** Identifiers of extensions that must be listed before this one. @default [] */
  readonly requires?: readonly string[];
  /** Shown in `server/discover`. @default {} */
  readonly settings?: JSONObject;
  /** The maturity of the extension's specification. For programs and people; never sent. */
  readonly stage?: ExtensionStage;
  /** The text of the specification that is implemented: a date, a version or a commit. Never sent. */
  readonly revision?: string;
  /**
   * True for an extension that only servers declare. Its methods are served to every client.
   *
   * @default false
   */
  readonly isServerOnly?: boolean;
  /** True for an extension with resources, so that the server declares them. @default false */
  readonly hasResources?: boolean;
  /** The members that the extension adds to the definitions of tools. @default none */
  readonly toolSettings?: readonly string[];
  /**
   * Returns the client capabilities that the settings of a tool require. Called once for each tool,
   * when it is compiled.
   *
   * @throws {TypeError} for invalid settings
   */
  readonly toolRequirements?: (definition: ToolDefinition) => ClientCapabilities | undefined;
  /** Creates the parts that depend on the server. Called once for each server. */
  readonly install?: (host: ExtensionHost) => ExtensionParts;
}

/** The parts of one extension in one server. */
export interface InstalledExtension
  extends ExtensionParts,
    Pick<Extension, "id" | "isServerOnly"> {}

/**
 * Installs all extensions in order and passes their parts to `use`. When an extension fails to
 * install, or `use` throws, closes the installed ones and throws the error.
 */
export function installExtensions<T>(
  extensions: readonly Extension[],
  host: ExtensionHost,
  use: (installed: readonly InstalledExtension[]) => T,
): T {
  const installed: InstalledExtension[] = [];
  try {
    for (const extension of extensions) {
      const parts = extension.install?.(host);
      installed.push(extension);
      const { id, isServerOnly = false } = extension;
      if (parts !== undefined) installed.push({ ...parts, id, isServerOnly });
    }
    return use(installed);
  } catch (error) {
    closeExtensions(installed).catch((reason: unknown) => host.onError(reason, "extensions"));
    throw error;
  }
}

/** Closes all extensions, the last one first. Throws the first error once all are closed. */
export async function closeExtensions(extensions: readonly InstalledExtension[]): Promise<void> {
  const errors: unknown[] = [];
  for (const extension of [...extensions].reverse()) {
    try {
      await extension.close?.();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

/** Creates the lookup of tools for extensions. Each tool has one `HostedTool`. */
export function hostedTools(
  tools: { readonly get: (name: string) => CompiledTool | undefined },
  shared: Pick<RoundInit, "handles" | "settings">,
): ExtensionHost["tool"] {
  const known = new WeakMap<CompiledTool, HostedTool>();
  return (name) => {
    const tool = tools.get(name);
    const hosted = tool && known.get(tool);
    if (tool === undefined || hosted !== undefined) return hosted;
    const { definition, runRound } = tool;
    const made: HostedTool = {
      definition,
      runRound: ({ request, context, memory, stepLog }) =>
        runRound({ ...shared, request, context, memory, stepLog, isDetached: true }),
    };
    known.set(tool, made);
    return made;
  };
}

/** Combines the extensions that answer tool calls. Returns undefined when there are none. */
export function toolCallsOf(extensions: readonly InstalledExtension[]): AnswerToolCall | undefined {
  const wraps = extensions.flatMap(({ answerToolCall }) => answerToolCall ?? []);
  if (wraps.length === 0) return undefined;
  return wraps.reduceRight((next, wrap) => wrap(next), answerInRequest);
}

/** Returns true when the client declared the extension on this request. */
export function isDeclared(context: RequestContext, id: string): boolean {
  const declared = context.meta?.capabilities.extensions;
  return declared !== undefined && Object.hasOwn(declared, id);
}

/**
 * Checks the identifier of an extension and freezes the value.
 *
 * @throws {TypeError} for an invalid identifier
 */
export function defineExtension<const E extends Extension>(extension: E): E {
  requireExtensionId(extension);
  return Object.freeze({ ...extension });
}

/**
 * Checks a list of extensions before any of them is installed.
 *
 * @throws {TypeError} for an invalid identifier, one that is listed twice, or a missing requirement
 */
export function requireInstallable(extensions: readonly Extension[]): void {
  const listed = new Set<string>();
  for (const extension of extensions) {
    const { id, requires = [] } = extension;
    requireExtensionId(extension);
    if (listed.has(id)) throw new TypeError(`extension ${id}: listed twice`);
    const missing = requires.find((required) => !listed.has(required));
    if (missing !== undefined) {
      throw new TypeError(`extension ${id}: requires ${missing}; list it before this extension`);
    }
    listed.add(id);
  }
}

function requireExtensionId({ id }: Extension): void {
  if (isExtensionId(id)) return;
  throw new TypeError(`extension ${id}: expected an identifier such as com.example/name`);
}
