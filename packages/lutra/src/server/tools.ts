/**
 * Tools on the server: their definitions.
 *
 * @spec server/tools
 */
import type { ClientCapabilities } from "../protocol/capabilities.ts";
import { didYouMean } from "../protocol/closest.ts";
import type { ContentBlock } from "../protocol/content.ts";
import { invalidParams } from "../protocol/errors.ts";
import type { Icon } from "../protocol/icons.ts";
import type { JSONObject } from "../protocol/json.ts";
import { unknownMember } from "../protocol/known-members.ts";
import type { ToolAnnotations } from "../protocol/tools.ts";
import type { Input, Output } from "../schema/schema.ts";
import {
  requireSchema,
  type Schema,
  type SchemaHint,
  type SchemaLike,
} from "../schema/standard-schema.ts";
import type { HandlerContext } from "./handler/handler-context.ts";
import type { InputRequired, ToolResult } from "./results.ts";
import type { ScopesOf } from "./scopes.ts";

/** The value of a tool without an output schema: text, content or a complete result. */
type TextOrContent =
  | string
  | ContentBlock
  | readonly ContentBlock[]
  | ToolResult
  | InputRequired
  | UnwrappedResult
  | UndescribedContent;

/** Names the remedy in the type error for structured content without a schema. */
interface UndescribedContent {
  readonly [member: string]: "describe structured content with an outputSchema, or return text";
  readonly "describe structured content with an outputSchema, or return text": never;
}

/** Names the remedy in the type error for a result that other SDKs accept. */
interface UnwrappedResult {
  readonly content: "pass the result to toolResult()";
}

/** The value of a tool with an output schema: structured content or a complete result. */
type StructuredReturn<Out> =
  | Input<Out>
  | ToolResult<Input<Out>>
  | ToolResult<undefined>
  | InputRequired;

export type ToolReturn<Out> = [Out] extends [never] ? TextOrContent : StructuredReturn<Out>;

/** The arguments of a handler; empty without an input schema. */
export type ToolArguments<In> = [In] extends [never]
  ? Record<string, never>
  : SchemaHint<In> extends string
    ? // biome-ignore lint/suspicious/noExplicitAny: the only type error is that of the schema
      any
    : Output<In>;

/**
 * Settings of a tool for extensions, which add their own members by declaration merging. They are
 * not shown to clients.
 */
// biome-ignore lint/suspicious/noEmptyInterface: extensions add the members
export interface ToolSettings {}

export interface ToolOptions<Name extends string, In extends SchemaLike, Out extends SchemaLike>
  extends ToolSettings {
  /** 1 to 128 letters, digits, `_`, `-` and `.`; unique within the server. */
  readonly name: Name;
  readonly title?: string;
  /** Description of the tool for a model. */
  readonly description?: string;
  readonly icons?: readonly Icon[];
  readonly annotations?: ToolAnnotations;
  readonly _meta?: JSONObject;
  /** Schema of the arguments, which must be an object. @default no arguments */
  readonly inputSchema?: In & SchemaHint<In>;
  /** Schema of the structured content. */
  readonly outputSchema?: Out & SchemaHint<Out>;
  /**
   * Scopes that the caller's principal must have. A caller without one of them gets the HTTP status
   * 403, and 401 without a principal. A function returns them for the checked arguments of a call.
   *
   * @default none, so that every caller may call the tool
   */
  readonly scopes?: ScopesOf<NoInfer<ToolArguments<In>>>;
  /** Capabilities that a client must declare to call this tool. */
  readonly requires?: ClientCapabilities;
  /** True to accept each request state only once. @default false */
  readonly singleUse?: boolean;
  /** Runs the tool. Throw a `ToolError` to report a problem to the model. */
  readonly call: NoInfer<
    (args: ToolArguments<In>, context: HandlerContext) => ToolReturn<Out> | Promise<ToolReturn<Out>>
  >;
}

/** A tool, typed by its schemas. */
export interface ToolDefinition<Name extends string = string, Args = unknown, Structured = unknown>
  extends Omit<ToolOptions<Name, Schema, Schema>, "call" | "scopes"> {
  readonly scopes?: ScopesOf<never>;
  readonly call: (args: never, context: HandlerContext) => unknown;
  /** Carries the types to the client; absent at run time. */
  readonly types?: { readonly arguments: Args; readonly structuredContent: Structured };
}

/** Maximum length of a name, in characters. */
const maxNameLength = 128;

/** The members of a tool, without the settings of extensions. */
const members: {
  readonly [Name in Exclude<keyof ToolDefinition, keyof ToolSettings | "types">]: true;
} = {
  name: true,
  title: true,
  description: true,
  icons: true,
  annotations: true,
  _meta: true,
  inputSchema: true,
  outputSchema: true,
  scopes: true,
  requires: true,
  singleUse: true,
  call: true,
};

/**
 * Defines a tool. The types of the arguments and of the structured content follow from the schemas.
 *
 * @example
 * ```ts
 * const add = defineTool({
 *   name: "add",
 *   description: "Adds two numbers",
 *   inputSchema: z.object({ a: z.number(), b: z.number() }),
 *   outputSchema: z.object({ sum: z.number() }),
 *   call: ({ a, b }) => ({ sum: a + b }),
 * });
 * ```
 * @throws {TypeError} for an invalid name, or a schema that is not one
 */
export function defineTool<
  const Name extends string,
  const In extends SchemaLike = never,
  const Out extends SchemaLike = never,
>(
  options: ToolOptions<Name, In, Out>,
): ToolDefinition<
  Name,
  [In] extends [never] ? Record<string, never> : Input<In>,
  [Out] extends [never] ? undefined : Output<Out>
> {
  requireTool(options as ToolDefinition);
  return Object.freeze({ ...options }) as never;
}

/**
 * Checks the parts of a definition that do not depend on the server.
 *
 * @throws {TypeError} for an invalid name, or a schema that is not one
 */
export function requireTool(definition: ToolDefinition): void {
  const { name, call, inputSchema, outputSchema } = definition;
  requireName(name);
  if (typeof call !== "function") {
    const other = Object.keys(definition).find((key) => isOtherFunction(definition, key));
    const remedy = other === undefined ? "" : `; rename ${other} to call`;
    throw new TypeError(`tool ${name}: call: expected a function${remedy}`);
  }
  if (inputSchema !== undefined) requireSchema(`tool ${name}: inputSchema`, inputSchema);
  if (outputSchema !== undefined) requireSchema(`tool ${name}: outputSchema`, outputSchema);
}

function isOtherFunction(definition: object, key: string): boolean {
  return !Object.hasOwn(members, key) && typeof Reflect.get(definition, key) === "function";
}

function requireName(name: unknown): void {
  if (name === undefined) {
    throw new TypeError('tool name: missing, expected a definition such as { name: "add", call }');
  }
  if (typeof name === "string" && name !== "" && name.length <= maxNameLength) return;
  const got = JSON.stringify(name)?.slice(0, maxNameLength + 10);
  throw new TypeError(`tool name: expected 1 to ${maxNameLength} characters, got ${got}`);
}

/**
 * Checks that a definition has only the members of a tool and the given settings of extensions.
 *
 * @throws {TypeError} that names the unknown member
 */
export function requireToolMembers(definition: ToolDefinition, settings: readonly string[]): void {
  const known = [...Object.keys(members), ...settings];
  const unknown = unknownMember(definition, known);
  if (unknown === undefined) return;
  const hint =
    didYouMean(unknown, known) ||
    `, expected one of ${known.join(", ")}; to use a setting of an extension, list the extension in createServer, for example extensions: [tasks()]`;
  throw new TypeError(`tool ${definition.name}: ${unknown}: unknown option${hint}`);
}

/** @spec server/tools#error-handling */
export function unknownTool(name: string): Error {
  return invalidParams(`Unknown tool: ${name}`);
}
