/**
 * Tools, compiled once: what a list shows of them, and how a call is checked and answered.
 *
 * @spec server/tools
 */
import { requireScopeNames, requireScopes } from "../protocol/authorization.ts";
import { type ClientCapabilities, requireCapabilities } from "../protocol/capabilities.ts";
import { chain, chainCall } from "../protocol/chain.ts";
import type { ContentBlock } from "../protocol/content.ts";
import { type HeaderParam, headerParams, requireHeaderParams } from "../protocol/header-params.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { Result } from "../protocol/json-rpc.ts";
import type { CallToolParams, Tool } from "../protocol/tools.ts";
import {
  type Checked,
  type CompiledSchema,
  type CompileOptions,
  compileInput,
  compileOutput,
} from "../schema/schema.ts";
import { requireContent } from "./content.ts";
import type { HandlerContext } from "./handler/handler-context.ts";
import {
  askClient,
  InputNeeded,
  type Round,
  type RoundEnd,
  runInRequest,
  runRound,
} from "./handler/round.ts";
import { isToolError, ToolResult, type ToolResultInit } from "./results.ts";
import type { AnswerToolCall, RunToolRound } from "./tool-call.ts";
import type { ToolDefinition } from "./tools.ts";

export interface CompiledTool {
  readonly definition: ToolDefinition;
  /** The entry of `tools/list`. */
  readonly shown: Tool;
  /** Checks a call and answers it, with `answer` where an extension provides it. */
  readonly call: (
    params: CallToolParams,
    round: Round,
    answer?: AnswerToolCall,
  ) => Result | Promise<Result>;
  /**
   * Runs the handler outside of a request. Checks the arguments again, because the call may have
   * been accepted by another version of the server.
   */
  readonly runRound: RunToolRound;
}

export interface CompileToolOptions extends CompileOptions {
  /** The `_meta` of every result. */
  readonly meta: JSONObject | undefined;
  /** The client capabilities that extensions require for a tool, given its settings. */
  readonly requirements?: (definition: ToolDefinition) => readonly ClientCapabilities[];
}

const noArguments: JSONObject = { type: "object", additionalProperties: false };

/**
 * Compiles a tool.
 *
 * @throws {TypeError} for an invalid name, schema, setting or `x-mcp-header`
 */
export function compileTool(
  definition: ToolDefinition,
  { meta, requirements = () => [], ...options }: CompileToolOptions,
): CompiledTool {
  const { name, requires, scopes, singleUse = false } = definition;
  if (name === "" || name.length > 128) {
    throw new TypeError(`tool name: expected 1 to 128 characters, got ${name.length}`);
  }
  const { input, output, headers, shown } = compileSchemas(definition, options);
  const required = [
    ...(requires ? [requires] : []),
    ...withToolName(name, () => requirements(definition)),
  ];
  const call = definition.call as (args: unknown, context: HandlerContext) => unknown;
  const handlerOf = (args: unknown) => (context: HandlerContext) => call(args, context);
  const { refused, succeeded, failed } = createAnswers(output, meta);
  const toEnd = (end: RoundEnd<unknown>) => (end instanceof InputNeeded ? end : succeeded(end));

  return {
    definition,
    shown,
    call: (params, round, answer) => {
      const { header, principal, meta: requestMeta } = round.context;
      if (scopes !== undefined) requireScopes(principal, scopes);
      if (header && headers.length > 0) requireHeaderParams(headers, params.arguments, header);
      for (const one of required) requireCapabilities(one, requestMeta?.capabilities ?? {});
      const check = () => input.check(params.arguments);
      const answerChecked = (checked: Checked<unknown>) => {
        if ("problem" in checked) return refused(checked.problem);
        const handler = handlerOf(checked.value);
        if (answer !== undefined) {
          const run: RunToolRound = async (init) => chain(runRound(init, handler), toEnd, failed);
          return answer({ definition, round, runRound: run });
        }
        const end = runInRequest(round, singleUse, handler);
        const toAnswer = (value: RoundEnd<unknown>) =>
          value instanceof InputNeeded ? askClient(round, value) : succeeded(value);
        return chain(end, toAnswer, failed);
      };
      return chainCall(check, answerChecked, failed);
    },
    runRound: async (init) => {
      const check = () => input.check(init.request.params?.arguments ?? {});
      const run = (checked: Checked<unknown>) => {
        if ("problem" in checked) return refused(checked.problem);
        return chain(runRound(init, handlerOf(checked.value)), toEnd, failed);
      };
      return chainCall<Checked<unknown>, RoundEnd<Result>>(check, run, failed);
    },
  };
}

interface Answers {
  /** Returns the result for arguments that do not fit the schema. */
  readonly refused: (problem: string) => Result;
  /** Returns the result for a value that the handler returned. */
  readonly succeeded: (value: unknown) => Result | Promise<Result>;
  /**
   * Returns the result for a `ToolError` that the handler or the conversion of a schema threw. Throws
   * any other error again.
   */
  readonly failed: (error: unknown) => Result;
}

/** @spec server/tools#error-handling */
function createAnswers(output: CompiledSchema | undefined, meta: JSONObject | undefined): Answers {
  const withError = (content: readonly ContentBlock[]) => toWire({ content, isError: true }, meta);
  const failed = (error: unknown): Result => {
    if (isToolError(error)) return withError(requireContent(error.content));
    throw error;
  };
  return {
    refused: (problem) => withError([{ type: "text", text: `Invalid arguments: ${problem}` }]),
    succeeded: (value) => {
      const init = toInit(value, output !== undefined);
      if (output === undefined || init.isError) return toWire(init, meta);
      const toStructured = (checked: Checked<unknown>) =>
        toWire(withStructuredContent(init, checked), meta);
      return chainCall(() => output.check(init.structuredContent), toStructured, failed);
    },
    failed,
  };
}

interface CompiledSchemas {
  readonly input: CompiledSchema;
  readonly output: CompiledSchema | undefined;
  readonly headers: readonly HeaderParam[];
  readonly shown: Tool;
}

function compileSchemas(definition: ToolDefinition, options: CompileOptions): CompiledSchemas {
  const { name, inputSchema, outputSchema, scopes, call } = definition;
  return withToolName(name, () => {
    if (scopes !== undefined) requireScopeNames(scopes);
    if (typeof call !== "function") throw new TypeError("call: expected a function");
    const schema = inputSchema === undefined ? noArguments : inputSchema;
    const input = compileInput(schema, options);
    if (input.jsonSchema.type !== "object") throw new TypeError("inputSchema: expected an object");
    const output = outputSchema && compileOutput(outputSchema, options);
    const shown = { name, ...describedBy(definition), inputSchema: input.jsonSchema };
    return {
      input,
      output,
      headers: headerParams(input.jsonSchema),
      shown: output ? { ...shown, outputSchema: output.jsonSchema } : shown,
    };
  });
}

/** Adds the tool's name to the message of a compilation error. */
function withToolName<T>(name: string, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TypeError(`tool ${name}: ${reason}`, { cause: error });
  }
}

/** Returns the members that describe a tool to clients. Absent members stay absent. */
function describedBy(definition: ToolDefinition): Omit<Tool, "name" | "inputSchema"> {
  const { title, description, icons, annotations, _meta } = definition;
  const described = { title, description, icons, annotations, _meta };
  const given = Object.entries(described).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
}

/** Omits absent members, because the client of an in-memory transport would see `undefined`. */
function toWire(init: ToolResultInit, meta: JSONObject | undefined): Result {
  const { content, structuredContent, isError, _meta } = init;
  const result: { [member: string]: unknown } = {
    resultType: "complete",
    content: requireContent(content ?? toText(structuredContent)),
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
function withStructuredContent(init: ToolResultInit, checked: Checked<unknown>): ToolResultInit {
  if ("problem" in checked) throw new TypeError(`structuredContent: ${checked.problem}`);
  return { ...init, structuredContent: checked.value };
}

/** @spec server/tools#structured-content */
function toText(structured: unknown): readonly ContentBlock[] {
  return structured === undefined ? [] : [{ type: "text", text: JSON.stringify(structured) }];
}

function toContent(value: unknown): readonly ContentBlock[] {
  if (typeof value === "string") return [{ type: "text", text: value }];
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]) as readonly ContentBlock[];
}
