/**
 * Extensions are values: off until a server lists them.
 *
 * @spec basic/versioning#extension-negotiation
 */
import type { ClientCapabilities } from "../protocol/capabilities.ts";
import type { ProtocolError } from "../protocol/errors.ts";
import type { Middleware, RequestContext } from "../protocol/exchange.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { Implementation } from "../protocol/meta.ts";
import { isExtensionId } from "../protocol/meta.ts";
import type { JSONSchemaValidator } from "../schema/json-schema.ts";
import type { EventBus } from "../stores/event-bus.ts";
import type { HandleStore } from "../stores/handle-store.ts";
import type { ServedMethod } from "./admit.ts";
import type { CompiledTool } from "./compile-tool.ts";
import type { FilterMember } from "./filter-member.ts";
import type { RoundInit } from "./handler/replay-context.ts";
import type { Shared } from "./shared.ts";
import { type AnswerToolCall, answerInRequest } from "./tool-call.ts";
import type { ToolDefinition } from "./tools.ts";

/** What an extension adds to the server that lists it. */
export interface ExtensionParts {
  /**
   * Methods of the extension. A request for one of them from a client that did not declare the
   * extension is refused with `missingRequiredClientCapability`.
   */
  readonly methods?: readonly ServedMethod[];
  /** Wraps the server's methods, for instance to answer a call with a result type of its own. */
  readonly middleware?: Middleware;
  /** Wraps how tool calls are answered, after they have passed all checks. */
  readonly answerToolCall?: (next: AnswerToolCall) => AnswerToolCall;
  /** What clients that declared the extension may ask for in `subscriptions/listen`. */
  readonly filters?: readonly FilterMember[];
  /**
   * Takes what replicas share, before the first request. Throws `TypeError` when something that
   * must be shared is only in this process.
   */
  readonly share?: (shared: Shared) => void;
  /** Ends what runs in the background. */
  readonly close?: () => void | Promise<void>;
}

/** A tool as an extension runs it, outside of any request. */
export interface HostedTool extends Pick<CompiledTool, "definition"> {
  readonly runRound: (init: Omit<RoundInit, "handles">) => ReturnType<CompiledTool["runRound"]>;
}

/** What a server offers to the extensions that it lists. */
export interface ExtensionHost {
  readonly info: Implementation;
  /** The bus that reaches all replicas. */
  readonly events: EventBus;
  /** The tool of that name, as it is now. */
  readonly tool: (name: string) => HostedTool | undefined;
  readonly validator: JSONSchemaValidator;
  /** What the peer may learn of anything thrown; reports what it may not. */
  readonly mask: (thrown: unknown, where: string) => ProtocolError;
  readonly onError: (error: unknown, where: string) => void;
  readonly now: () => number;
}

/** Adds methods and behaviour to a server. */
export interface Extension extends ExtensionParts {
  /** `{vendor}/{name}`; the vendor is a reversed domain name. */
  readonly id: string;
  /** Shown in `server/discover`. @default {} */
  readonly settings?: JSONObject;
  /**
   * Reads the settings of a tool when it is compiled, and says what they require of clients.
   *
   * @throws {TypeError} for settings that make no sense
   */
  readonly toolRequirements?: (definition: ToolDefinition) => ClientCapabilities | undefined;
  /** Makes the parts that need to know their server; called once for each server. */
  readonly install?: (host: ExtensionHost) => ExtensionParts;
}

/** The parts of one extension in one server. */
export interface InstalledExtension extends ExtensionParts {
  readonly id: string;
}

/** Makes the parts of all extensions, those of `install` after those that need no server. */
export function installExtensions(
  extensions: readonly Extension[],
  host: ExtensionHost,
): readonly InstalledExtension[] {
  return extensions.flatMap((extension) => {
    const installed = extension.install?.(host);
    return installed ? [extension, { ...installed, id: extension.id }] : [extension];
  });
}

/** Finds the tools of a server for its extensions; of each tool, what they get is made once. */
export function hostedTools(
  tools: { readonly get: (name: string) => CompiledTool | undefined },
  handles: HandleStore,
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
        runRound({ request, context, memory, handles, stepLog }),
    };
    known.set(tool, made);
    return made;
  };
}

/** Combines how these extensions answer tool calls; undefined when none of them does. */
export function toolCallsOf(extensions: readonly InstalledExtension[]): AnswerToolCall | undefined {
  const wraps = extensions.flatMap(({ answerToolCall }) => answerToolCall ?? []);
  if (wraps.length === 0) return undefined;
  return wraps.reduceRight((next, wrap) => wrap(next), answerInRequest);
}

/** True when the client declared the extension on this request. */
export function isDeclared(context: RequestContext, id: string): boolean {
  const declared = context.meta?.capabilities.extensions;
  return declared !== undefined && Object.hasOwn(declared, id);
}

/** Checks an extension's identifier, and freezes the value. */
export function defineExtension<const E extends Extension>(extension: E): E {
  requireExtensionIds([extension]);
  return Object.freeze({ ...extension });
}

/** Checks identifiers, also of extensions that were made without `defineExtension`. */
export function requireExtensionIds(extensions: readonly Extension[]): void {
  const ids = extensions.map(({ id }) => id);
  for (const [index, id] of ids.entries()) {
    if (!isExtensionId(id)) {
      throw new TypeError(`extension ${id}: expected an identifier such as com.example/name`);
    }
    if (ids.indexOf(id) !== index) throw new TypeError(`extension ${id}: listed twice`);
  }
}
