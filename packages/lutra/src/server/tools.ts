/**
 * Tools on the server: how one is defined, compiled and called.
 *
 * @spec server/tools
 */
import type { ClientCapabilities } from "../protocol/capabilities.ts";
import { requireCapabilities } from "../protocol/capabilities.ts";
import type { ContentBlock } from "../protocol/content.ts";
import { invalidParams } from "../protocol/errors.ts";
import { type HeaderParam, headerParams, requireHeaderParams } from "../protocol/header-params.ts";
import type { Icon } from "../protocol/icons.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { Result } from "../protocol/json-rpc.ts";
import type { CallToolParams, Tool, ToolAnnotations } from "../protocol/tools.ts";
import type { JSONSchemaValidator } from "../schema/json-schema.ts";
import type { Checked, CompiledSchema, Input, Output, Schema } from "../schema/schema.ts";
import { compileSchema } from "../schema/schema.ts";
import { requireContent } from "./content.ts";
import type { HandlerContext } from "./handler/handler-context.ts";
import type { Run } from "./handler/replay-context.ts";
import { type Ending, type Round, runHandler, runOnce } from "./handler/round.ts";
import { type InputRequired, isToolError, ToolResult, type ToolResultInit } from "./results.ts";
import type { RunTool, ToolRun } from "./tool-call.ts";

/** What a tool without an output schema returns: text, content, or a result chosen by hand. */
type PlainReturn = string | ContentBlock | readonly ContentBlock[] | ToolResult | InputRequired;

/** What a tool with an output schema returns: its structured content, or a result by hand. */
type StructuredReturn<Out> =
  | Input<Out>
  | ToolResult<Input<Out>>
  | ToolResult<undefined>
  | InputRequired;

export type ToolReturn<Out> = [Out] extends [never] ? PlainReturn : StructuredReturn<Out>;

/** The arguments a handler gets; without an input schema there are none. */
export type ToolArguments<In> = [In] extends [never] ? Record<string, never> : Output<In>;

/**
 * Members of a tool's definition that extensions read; each adds its own by declaration merging.
 * They are not shown to clients.
 */
// biome-ignore lint/suspicious/noEmptyInterface: what it has, extensions give it
export interface ToolSettings {}

export interface ToolOptions<Name extends string, In extends Schema, Out extends Schema>
  extends ToolSettings {
  /** 1 to 128 letters, digits, `_`, `-` and `.`; unique within the server. */
  readonly name: Name;
  readonly title?: string;
  /** What the tool does, for a model. */
  readonly description?: string;
  readonly icons?: readonly Icon[];
  readonly annotations?: ToolAnnotations;
  readonly _meta?: JSONObject;
  /** Schema of the arguments, an object. @default no arguments */
  readonly inputSchema?: In;
  /** Schema of the structured content. */
  readonly outputSchema?: Out;
  /** Capabilities without which the client can't call this tool. */
  readonly requires?: ClientCapabilities;
  /** Whether an exchange that asked for input can be completed only once. @default false */
  readonly singleUse?: boolean;
  /** Runs the tool. Throw a `ToolError` to tell the model what went wrong. */
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

export interface CompiledTool {
  readonly definition: ToolDefinition;
  readonly shown: Tool;
  /** Answers a call, by way of `runTool` where there is one. */
  readonly call: (
    params: CallToolParams,
    round: Round,
    runTool?: RunTool,
  ) => Result | Promise<Result>;
  /** Runs the handler once more, for a call that was checked before, perhaps by another version. */
  readonly run: ToolRun;
}

export interface CompileToolOptions {
  readonly validator: JSONSchemaValidator;
  readonly meta: JSONObject | undefined;
  /** What extensions require of clients, by their settings. */
  readonly requirements?: (definition: ToolDefinition) => readonly ClientCapabilities[];
}

const noArguments: JSONObject = { type: "object", additionalProperties: false };
const invalid = "Invalid arguments";

/**
 * Compiles a tool once.
 *
 * @throws {TypeError} for a bad name, schema, setting or `x-mcp-header`
 */
export function compileTool(
  definition: ToolDefinition,
  { validator, meta, requirements = () => [] }: CompileToolOptions,
): CompiledTool {
  const { name, requires, singleUse = false } = definition;
  if (name === "" || name.length > 128) throw new TypeError(`tool name: 1 to 128 characters`);
  const { input, output, headers, shown } = compileShown(definition, validator);
  const required = [
    ...(requires ? [requires] : []),
    ...atStart(name, () => requirements(definition)),
  ];
  const handler = definition.call as (args: unknown, context: HandlerContext) => unknown;
  const failed = (content: readonly ContentBlock[]): Result =>
    toWire({ content, isError: true }, meta);
  const refused = ({ problem }: { readonly problem: string }): Result =>
    failed([{ type: "text", text: `${invalid}: ${problem}` }]);
  const ending: Ending<unknown> = {
    singleUse,
    finish: (value) => toResult(value, output, meta),
    recover: (error) => {
      if (isToolError(error)) return failed(requireContent(error.content));
      throw error;
    },
  };
  const answer = (checked: Checked<unknown>, round: Round, runTool?: RunTool) => {
    if ("problem" in checked) return refused(checked);
    const handle = (context: HandlerContext) => handler(checked.value, context);
    if (runTool === undefined) return runHandler(round, handle, ending);
    return runTool({ definition, round, run: async (run) => runOnce(run, handle, ending) });
  };

  return {
    definition,
    shown,
    call: (params, round, runTool) => {
      const { header, meta: requestMeta } = round.context;
      if (header && headers.length > 0) requireHeaderParams(headers, params.arguments, header);
      for (const one of required) requireCapabilities(one, requestMeta?.capabilities ?? {});
      const checked = input.check(params.arguments);
      return checked instanceof Promise
        ? checked.then((late) => answer(late, round, runTool))
        : answer(checked, round, runTool);
    },
    run: async (run: Run) => {
      const checked = await input.check(run.request.params?.arguments ?? {});
      if ("problem" in checked) return refused(checked);
      return runOnce(run, (context) => handler(checked.value, context), ending);
    },
  };
}

/** @spec server/tools#error-handling */
export function unknownTool(name: string): Error {
  return invalidParams(`Unknown tool: ${name}`);
}

interface Shown {
  readonly input: CompiledSchema;
  readonly output: CompiledSchema | undefined;
  readonly headers: readonly HeaderParam[];
  readonly shown: Tool;
}

/** Says which tool it is that can't be compiled. */
function atStart<T>(name: string, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TypeError(`tool ${name}: ${reason}`, { cause: error });
  }
}

function compileShown(definition: ToolDefinition, validator: JSONSchemaValidator): Shown {
  const { name, inputSchema, outputSchema, call } = definition;
  return atStart(name, () => {
    if (typeof call !== "function") throw new TypeError("call: expected a function");
    const schema = inputSchema === undefined ? noArguments : inputSchema;
    const input = compileSchema(schema, "input", validator);
    if (input.jsonSchema.type !== "object") throw new TypeError("inputSchema: expected an object");
    const output = outputSchema && compileSchema(outputSchema, "output", validator);
    const shown = { name, ...describedBy(definition), inputSchema: input.jsonSchema };
    return {
      input,
      output,
      headers: headerParams(input.jsonSchema),
      shown: output ? { ...shown, outputSchema: output.jsonSchema } : shown,
    };
  });
}

/** What a definition says about itself, for clients. Absent members stay absent. */
function describedBy(definition: ToolDefinition): Omit<Tool, "name" | "inputSchema"> {
  const { title, description, icons, annotations, _meta } = definition;
  const described = { title, description, icons, annotations, _meta };
  const given = Object.entries(described).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
}

function toResult(
  value: unknown,
  output: CompiledSchema | undefined,
  meta: JSONObject | undefined,
): Result | Promise<Result> {
  const init = toInit(value, output !== undefined);
  if (output === undefined || init.isError) return toWire(init, meta);
  const checked = output.check(init.structuredContent);
  return checked instanceof Promise
    ? checked.then((late) => toWire(conforming(init, late), meta))
    : toWire(conforming(init, checked), meta);
}

/** Absent members stay absent: a result that travels in memory keeps those that are `undefined`. */
function toWire(init: ToolResultInit, meta: JSONObject | undefined): Result {
  const { content, structuredContent, isError, _meta } = init;
  const result: { [member: string]: unknown } = {
    resultType: "complete",
    content: requireContent(content ?? mirror(structuredContent)),
  };
  if (structuredContent !== undefined) result.structuredContent = structuredContent;
  if (isError !== undefined) result.isError = isError;
  if (_meta !== undefined) result._meta = { ...meta, ..._meta };
  else if (meta !== undefined) result._meta = meta;
  return result;
}

function toInit(value: unknown, isStructured: boolean): ToolResultInit {
  if (value instanceof ToolResult) return value.init;
  return isStructured ? { structuredContent: value } : { content: toContent(value) };
}

/** @spec server/tools#output-schema */
function conforming(init: ToolResultInit, checked: Checked<unknown>): ToolResultInit {
  if ("problem" in checked) throw new TypeError(`structuredContent: ${checked.problem}`);
  return { ...init, structuredContent: checked.value };
}

/** @spec server/tools#structured-content */
function mirror(structured: unknown): readonly ContentBlock[] {
  return structured === undefined ? [] : [{ type: "text", text: JSON.stringify(structured) }];
}

function toContent(value: unknown): readonly ContentBlock[] {
  if (typeof value === "string") return [{ type: "text", text: value }];
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]) as readonly ContentBlock[];
}
