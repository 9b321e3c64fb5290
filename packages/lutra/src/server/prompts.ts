/**
 * Prompts on the server.
 *
 * @spec server/prompts
 */
import { chain } from "../protocol/chain.ts";
import { invalidParams } from "../protocol/errors.ts";
import type { Icon } from "../protocol/icons.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { Result } from "../protocol/json-rpc.ts";
import type { GetPromptParams, Prompt, PromptMessage } from "../protocol/prompts.ts";
import type { Completer } from "./completion.ts";
import { requireContent } from "./content.ts";
import type { HandlerContext } from "./handler/handler-context.ts";
import { askClient, InputNeeded, type Round, runInRequest } from "./handler/round.ts";
import type { InputRequired } from "./results.ts";

/** An argument of a prompt. All arguments are strings. */
export interface PromptArgumentOptions {
  readonly title?: string;
  readonly description?: string;
  /** @default false */
  readonly required?: boolean;
  /** Suggests values for completion. */
  readonly complete?: Completer;
}

type ArgumentMap = { readonly [name: string]: PromptArgumentOptions };

/** The arguments of a handler. Required ones are strings; others may be absent. */
export type PromptArguments<Args extends ArgumentMap> = {
  readonly [Name in keyof Args as Args[Name] extends { readonly required: true }
    ? Name
    : never]: string;
} & {
  readonly [Name in keyof Args as Args[Name] extends { readonly required: true }
    ? never
    : Name]?: string;
};

/** The return value of a handler. A string becomes one message with the role `user`. */
export type PromptReturn =
  | string
  | readonly PromptMessage[]
  | { readonly description?: string; readonly messages: readonly PromptMessage[] }
  | InputRequired;

export interface PromptOptions<Name extends string, Args extends ArgumentMap> {
  readonly name: Name;
  readonly title?: string;
  readonly description?: string;
  readonly icons?: readonly Icon[];
  readonly _meta?: JSONObject;
  /** The arguments by name, in the order in which they are listed. */
  readonly arguments?: Args & ArgumentMap;
  /** True to accept each request state only once. @default false */
  readonly singleUse?: boolean;
  readonly get: (
    args: PromptArguments<Args>,
    context: HandlerContext,
  ) => PromptReturn | Promise<PromptReturn>;
}

/** A prompt, typed by its arguments. */
export interface PromptDefinition<Name extends string = string, Args = unknown>
  extends Omit<PromptOptions<Name, ArgumentMap>, "get"> {
  readonly get: (args: never, context: HandlerContext) => PromptReturn | Promise<PromptReturn>;
  /** Carries the types to the client; absent at run time. */
  readonly types?: { readonly arguments: Args };
}

/** Defines a prompt. The types of its arguments are inferred from `arguments`. */
export function definePrompt<
  const Name extends string,
  const Args extends ArgumentMap = Record<never, never>,
>(options: PromptOptions<Name, Args>): PromptDefinition<Name, PromptArguments<Args>> {
  return Object.freeze({ ...options }) as PromptDefinition<Name, PromptArguments<Args>>;
}

export interface CompiledPrompt {
  readonly shown: Prompt;
  readonly arguments: ArgumentMap;
  readonly get: (params: GetPromptParams, round: Round) => Result | Promise<Result>;
}

/** Compiles a prompt. */
export function compilePrompt(
  definition: PromptDefinition,
  meta: JSONObject | undefined,
): CompiledPrompt {
  const { get, arguments: args = {}, singleUse = false, types, ...rest } = definition;
  if (!definition.name) throw new TypeError("prompt name: expected at least 1 character");
  if (typeof get !== "function") {
    throw new TypeError(`prompt ${definition.name}: get: expected a function`);
  }
  const handler = get as (args: object, context: HandlerContext) => PromptReturn;
  const list = Object.entries(args).map(([name, { complete, ...shown }]) => ({ name, ...shown }));
  return {
    shown: list.length === 0 ? rest : { ...rest, arguments: list },
    arguments: args,
    get: (params, round) => {
      requireArguments(params, args);
      const end = runInRequest(round, singleUse, (context) => handler(params.arguments, context));
      return chain(end, (value) =>
        value instanceof InputNeeded ? askClient(round, value) : toResult(value, definition, meta),
      );
    },
  };
}

/** @spec server/prompts#error-handling */
function requireArguments(params: GetPromptParams, args: ArgumentMap): void {
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
  requireContent(messages.map(({ content }) => content));
  const isRole = (role: unknown) => role === "user" || role === "assistant";
  if (!messages.every(({ role }) => isRole(role))) {
    throw new TypeError('messages: expected the role "user" or "assistant"');
  }
  return {
    resultType: "complete",
    ...(description !== undefined && { description }),
    messages,
    ...(meta && { _meta: meta }),
  };
}

function toMessages(value: Exclude<PromptReturn, InputRequired>): {
  readonly description?: string;
  readonly messages: readonly PromptMessage[];
} {
  if (typeof value === "string") {
    return { messages: [{ role: "user", content: { type: "text", text: value } }] };
  }
  return "messages" in value ? value : { messages: value };
}
