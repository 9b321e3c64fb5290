/**
 * Prompts on the server.
 *
 * @spec server/prompts
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { chain } from "../protocol/chain.ts";
import { invalidParams } from "../protocol/errors.ts";
import { type Icon, requireSafeIcons } from "../protocol/icons.ts";
import { isObject, type JSONObject } from "../protocol/json.ts";
import type { Result } from "../protocol/json-rpc.ts";
import { requireKnownMembers } from "../protocol/known-members.ts";
import type { GetPromptParams, Prompt, PromptMessage } from "../protocol/prompts.ts";
import { isSchemaObject } from "../schema/standard-schema.ts";
import type { Completer } from "./completion.ts";
import { requireContent } from "./content.ts";
import type { HandlerContext } from "./handler/handler-context.ts";
import { askClient, InputNeeded, type Round, runInRequest } from "./handler/round.ts";
import type { InputRequired } from "./results.ts";
import { compileScopes, type EntryScopes, type ScopesOf } from "./scopes.ts";

/** An argument of a prompt. All arguments are strings. */
export interface PromptArgumentOptions {
  readonly title?: string;
  readonly description?: string;
  /** @default false */
  readonly required?: boolean;
  /** Suggests values for completion. */
  readonly complete?: Completer;
}

/** Names the remedy in the type error for a schema in place of the arguments. */
type ArgumentsHint<Args> = Args extends StandardSchemaV1
  ? "expected arguments by name, not a schema: { city: { required: true } }"
  : [keyof Args] extends [never]
    ? unknown
    : Args extends { readonly [name: string]: StandardSchemaV1 }
      ? "expected options of each argument, not a schema: { city: { required: true } }"
      : unknown;

/** Anything that is meant as arguments: also a schema, so that its type error names the remedy. */
type ArgumentsLike = ArgumentMap | StandardSchemaV1;

type ArgumentMap = { readonly [name: string]: PromptArgumentOptions };

/** The arguments of a handler. Required ones are strings; others may be absent. */
export type PromptArguments<Args> = {
  readonly [Name in keyof Args as Args[Name] extends { readonly required: true }
    ? Name
    : never]: string;
} & {
  readonly [Name in keyof Args as Args[Name] extends { readonly required: true }
    ? never
    : Name]?: string;
};

type HandlerArguments<Args> =
  ArgumentsHint<Args> extends string
    ? // biome-ignore lint/suspicious/noExplicitAny: the only type error is that of the arguments
      any
    : PromptArguments<Args>;

/** The return value of a handler. A string becomes one message with the role `user`. */
export type PromptReturn =
  | string
  | readonly PromptMessage[]
  | { readonly description?: string; readonly messages: readonly PromptMessage[] }
  | InputRequired;

export interface PromptOptions<Name extends string, Args extends ArgumentsLike> {
  readonly name: Name;
  readonly title?: string;
  readonly description?: string;
  readonly icons?: readonly Icon[];
  readonly _meta?: JSONObject;
  /** The arguments by name, in the order in which they are listed. */
  readonly arguments?: Args & ArgumentsLike & ArgumentsHint<Args>;
  /**
   * Scopes that the caller's principal must have, or a function that returns them for the arguments.
   *
   * @default none
   */
  readonly scopes?: ScopesOf<NoInfer<HandlerArguments<Args>>>;
  /** True to accept each request state only once. @default false */
  readonly singleUse?: boolean;
  readonly get: (
    args: HandlerArguments<Args>,
    context: HandlerContext,
  ) => PromptReturn | Promise<PromptReturn>;
}

/** A prompt, typed by its arguments. */
export interface PromptDefinition<Name extends string = string, Args = unknown>
  extends Omit<PromptOptions<Name, ArgumentMap>, "get" | "scopes"> {
  readonly scopes?: ScopesOf<never>;
  readonly get: (args: never, context: HandlerContext) => PromptReturn | Promise<PromptReturn>;
  /** Carries the types to the client; absent at run time. */
  readonly types?: { readonly arguments: Args };
}

/** The members of a prompt. */
const members: { readonly [Name in Exclude<keyof PromptDefinition, "types">]: true } = {
  name: true,
  title: true,
  description: true,
  icons: true,
  _meta: true,
  arguments: true,
  scopes: true,
  singleUse: true,
  get: true,
};

const argumentMembers: { readonly [Name in keyof PromptArgumentOptions]-?: true } = {
  title: true,
  description: true,
  required: true,
  complete: true,
};

/**
 * Defines a prompt. The types of its arguments are inferred from `arguments`.
 *
 * @throws {TypeError} for an invalid name or an unknown option
 */
export function definePrompt<
  const Name extends string,
  const Args extends ArgumentsLike = Record<never, never>,
>(options: PromptOptions<Name, Args>): PromptDefinition<Name, PromptArguments<Args>> {
  requirePrompt(options as PromptDefinition);
  return Object.freeze({ ...options }) as PromptDefinition<Name, PromptArguments<Args>>;
}

function requirePrompt(definition: PromptDefinition): void {
  const { name, get, arguments: args = {} } = definition;
  if (typeof name !== "string" || name === "") {
    throw new TypeError("prompt name: expected a string of at least 1 character");
  }
  const where = `prompt ${name}`;
  requireKnownMembers(definition, Object.keys(members), where);
  requireSafeIcons(where, definition.icons);
  requireArgumentMap(args, where);
  for (const [argument, options] of Object.entries(args)) {
    requireKnownMembers(options, Object.keys(argumentMembers), `${where}: arguments.${argument}`);
  }
  if (typeof get !== "function") throw new TypeError(`${where}: get: expected a function`);
}

/** Schemas, with which tools describe their arguments, are refused. */
function requireArgumentMap(args: unknown, where: string): asserts args is ArgumentMap {
  const values = isObject(args) && !isSchemaObject(args) ? Object.values(args) : [args];
  if (isObject(args) && !values.some(isSchemaObject)) return;
  throw new TypeError(
    `${where}: arguments: expected the options of each argument by its name, not a schema, such as { city: { description: "A city", required: true } }`,
  );
}

export interface CompiledPrompt {
  readonly shown: Prompt;
  readonly scopes: EntryScopes;
  readonly arguments: ArgumentMap;
  readonly get: (params: GetPromptParams, round: Round) => Result | Promise<Result>;
}

/** Compiles a prompt. */
export function compilePrompt(
  definition: PromptDefinition,
  meta: JSONObject | undefined,
): CompiledPrompt {
  requirePrompt(definition);
  const { get, arguments: args = {}, singleUse = false, types, scopes, ...rest } = definition;
  const required = compileScopes(scopes, `prompt ${definition.name}`);
  const handler = get as (args: object, context: HandlerContext) => PromptReturn;
  const list = Object.entries(args).map(([name, { complete, ...shown }]) => ({ name, ...shown }));
  return {
    shown: list.length === 0 ? rest : { ...rest, arguments: list },
    scopes: required,
    arguments: args,
    get: (params, round) => {
      const { principal } = round.context;
      required.require(principal);
      requireArguments(params, args);
      required.requireFor(params.arguments, principal);
      const end = runInRequest(round, singleUse, (context) => handler(params.arguments, context));
      return chain(end, (value) =>
        value instanceof InputNeeded ? askClient(round, value) : toResult(value, definition, meta),
      );
    },
  };
}

/** @spec server/prompts#error-handling, server/prompts#implementation-considerations */
function requireArguments(params: GetPromptParams, args: ArgumentMap): void {
  const unknown = Object.keys(params.arguments).find((name) => !Object.hasOwn(args, name));
  if (unknown !== undefined) {
    throw invalidParams(`params.arguments.${unknown}: unknown to the prompt ${params.name}`);
  }
  for (const [name, { required }] of Object.entries(args)) {
    if (required && !Object.hasOwn(params.arguments, name)) {
      throw invalidParams(`params.arguments.${name}: required by the prompt ${params.name}`);
    }
  }
}

function toResult(
  value: Exclude<PromptReturn, InputRequired>,
  definition: PromptDefinition,
  meta: JSONObject | undefined,
): Result {
  const { description = definition.description, messages } = toMessages(value);
  requireContent(
    "messages",
    messages.map(({ content }) => content),
  );
  const isRole = (role: unknown) => role === "user" || role === "assistant";
  if (!messages.every(({ role }) => isRole(role))) {
    throw new TypeError('messages: expected the role "user" or "assistant"');
  }
  return {
    resultType: "complete",
    ...(description !== undefined && { description }),
    messages: messages.map(withMimeType),
    ...(meta && { _meta: meta }),
  };
}

/**
 * Adds the MIME type that prompts require for an embedded resource, where it is missing.
 *
 * @spec server/prompts#embedded-resources
 */
function withMimeType(message: PromptMessage): PromptMessage {
  const { content } = message;
  if (content.type !== "resource" || content.resource.mimeType !== undefined) return message;
  const mimeType = "text" in content.resource ? "text/plain" : "application/octet-stream";
  return { ...message, content: { ...content, resource: { ...content.resource, mimeType } } };
}

function toMessages(value: Exclude<PromptReturn, InputRequired>): {
  readonly description?: string;
  readonly messages: readonly PromptMessage[];
} {
  if (typeof value === "string") {
    return { messages: [{ role: "user", content: { type: "text", text: value } }] };
  }
  const result = Array.isArray(value) ? { messages: value } : value;
  if (isObject(result) && Array.isArray(result.messages) && result.messages.every(isObject)) {
    return result as { readonly messages: readonly PromptMessage[] };
  }
  throw new TypeError(
    "expected text, a list of messages or { messages }, with messages { role, content }",
  );
}
