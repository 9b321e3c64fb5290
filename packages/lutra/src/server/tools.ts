/**
 * Tools on the server: their definitions.
 *
 * @spec server/tools
 */
import type { ClientCapabilities } from "../protocol/capabilities.ts";
import type { ContentBlock } from "../protocol/content.ts";
import { invalidParams } from "../protocol/errors.ts";
import type { Icon } from "../protocol/icons.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { ToolAnnotations } from "../protocol/tools.ts";
import type { Input, Output, Schema } from "../schema/schema.ts";
import type { HandlerContext } from "./handler/handler-context.ts";
import type { InputRequired, ToolResult } from "./results.ts";

/** The value of a tool without an output schema: text, content or a complete result. */
type PlainReturn = string | ContentBlock | readonly ContentBlock[] | ToolResult | InputRequired;

/** The value of a tool with an output schema: structured content or a complete result. */
type StructuredReturn<Out> =
  | Input<Out>
  | ToolResult<Input<Out>>
  | ToolResult<undefined>
  | InputRequired;

export type ToolReturn<Out> = [Out] extends [never] ? PlainReturn : StructuredReturn<Out>;

/** The arguments of a handler; empty without an input schema. */
export type ToolArguments<In> = [In] extends [never] ? Record<string, never> : Output<In>;

/**
 * Settings of a tool for extensions, which add their own members by declaration merging. They are
 * not shown to clients.
 */
// biome-ignore lint/suspicious/noEmptyInterface: extensions add the members
export interface ToolSettings {}

export interface ToolOptions<Name extends string, In extends Schema, Out extends Schema>
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
  readonly inputSchema?: In;
  /** Schema of the structured content. */
  readonly outputSchema?: Out;
  /**
   * Scopes that the caller's principal must have. A caller without one of them gets the HTTP status
   * 403, and 401 without a principal. The list of tools is the same for all callers.
   *
   * @default none, so that every caller may call the tool
   */
  readonly scopes?: readonly string[];
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
  extends Omit<ToolOptions<Name, Schema, Schema>, "call"> {
  readonly call: (args: never, context: HandlerContext) => unknown;
  /** Carries the types to the client; absent at run time. */
  readonly types?: { readonly arguments: Args; readonly structuredContent: Structured };
}

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
 */
export function defineTool<
  const Name extends string,
  const In extends Schema = never,
  const Out extends Schema = never,
>(
  options: ToolOptions<Name, In, Out>,
): ToolDefinition<
  Name,
  [In] extends [never] ? Record<string, never> : Input<In>,
  [Out] extends [never] ? undefined : Output<Out>
> {
  return Object.freeze({ ...options }) as never;
}

/** @spec server/tools#error-handling */
export function unknownTool(name: string): Error {
  return invalidParams(`Unknown tool: ${name}`);
}
