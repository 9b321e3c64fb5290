/**
 * Tools, compiled once: what a list shows of them, and how a call is checked and answered.
 *
 * @spec server/tools
 */
import { type ClientCapabilities, requireCapabilities } from "../protocol/capabilities.ts";
import { chain, chainCall } from "../protocol/chain.ts";
import { type ContentBlock, text } from "../protocol/content.ts";
import { isProtocolError } from "../protocol/errors.ts";
import { type HeaderParam, headerParams, requireHeaderParams } from "../protocol/header-params.ts";
import { requireSafeIcons } from "../protocol/icons.ts";
import { encodeJSON, isObject, type JSONObject } from "../protocol/json.ts";
import type { Result } from "../protocol/json-rpc.ts";
import { type CallToolParams, callTool, isPortableName, type Tool } from "../protocol/tools.ts";
import { asObjectSchema } from "../schema/object-schema.ts";
import {
  type Checked,
  type CompiledSchema,
  type CompileOptions,
  carriedByJSON,
  compileInput,
  compileOutput,
} from "../schema/schema.ts";
import { requireContent } from "./content.ts";
import type { HandlerContext } from "./handler/handler-context.ts";
import { HandlerError } from "./handler/handler-error.ts";
import {
  askClient,
  InputNeeded,
  type Round,
  type RoundEnd,
  runInRequest,
  runRound,
} from "./handler/round.ts";
import { placeIn } from "./place.ts";
import { isToolError, ToolResult, type ToolResultInit } from "./results.ts";
import { compileScopes, type EntryScopes } from "./scopes.ts";
import type { AnswerToolCall, RunToolRound } from "./tool-call.ts";
import { requireTool, requireToolMembers, type ToolDefinition } from "./tools.ts";

export interface CompiledTool {
  readonly definition: ToolDefinition;
  /** The entry of `tools/list`. */
  readonly shown: Tool;
  readonly scopes: EntryScopes;
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
  /** Called with each error of a tool that is masked for the client. */
  readonly onMasked: (error: unknown, where: string) => void;
  /** True to send the messages of these errors to the client. */
  readonly exposeErrors: boolean;
  /** Called for a name that not all clients accept. */
  readonly onWarning: (message: string) => void;
  /** The client capabilities that extensions require for a tool, given its settings. */
  readonly requirements?: (definition: ToolDefinition) => readonly ClientCapabilities[];
  /** The members that extensions add to tools. @default none */
  readonly settings?: readonly string[];
}

const noArguments: JSONObject = { type: "object", additionalProperties: false };

/**
 * Compiles a tool.
 *
 * @throws {TypeError} for an invalid name, schema, setting or `x-mcp-header`
 * @spec server/tools#tool-names
 */
export function compileTool(definition: ToolDefinition, options: CompileToolOptions): CompiledTool {
  const { name, requires, singleUse = false } = definition;
  const { onWarning, requirements = () => [], settings = [] } = options;
  requireTool(definition);
  requireToolMembers(definition, settings);
  if (!isPortableName(name)) {
    onWarning(`tool ${name}: some clients accept only names of A-Z, a-z, 0-9, "_", "-" and "."`);
  }
  const { input, output, headers, scopes, shown } = compileSchemas(definition, options);
  const required = [
    ...(requires ? [requires] : []),
    ...withToolName(name, () => requirements(definition)),
  ];
  const call = definition.call as (args: unknown, context: HandlerContext) => unknown;
  const handlerOf = (args: unknown) => (context: HandlerContext) => call(args, context);
  const { refused, succeeded, failed } = createAnswers(name, output, options);
  const toEnd = (end: RoundEnd<unknown>) => (end instanceof InputNeeded ? end : succeeded(end));
  type Call = Pick<Round, "request" | "context">;
  /** Checks the arguments of a call, and continues with valid ones. */
  const withArguments = <T>(given: unknown, origin: Call, use: (args: unknown) => T | Promise<T>) =>
    chainCall<Checked<unknown>, T | Result>(
      () => input.check(given),
      (checked) => ("problem" in checked ? refused(checked.problem) : use(checked.value)),
      (error) => failed(error, origin),
    );

  return {
    definition,
    shown,
    scopes,
    call: (params, round, answer) => {
      const { header, principal, meta: requestMeta } = round.context;
      scopes.require(principal);
      if (header && headers.length > 0) requireHeaderParams(headers, params.arguments, header);
      for (const one of required) requireCapabilities(one, requestMeta?.capabilities ?? {});
      const onFailed = (error: unknown) => failed(error, round);
      return withArguments(params.arguments, round, (args) => {
        scopes.requireFor(args, principal);
        const handler = handlerOf(args);
        if (answer !== undefined) {
          const run: RunToolRound = async (init) =>
            chain(runRound(init, handler), toEnd, (error) => failed(error, init));
          return answer({ definition, round, runRound: run });
        }
        const end = runInRequest(round, singleUse, handler);
        const toAnswer = (value: RoundEnd<unknown>) =>
          value instanceof InputNeeded ? askClient(round, value) : succeeded(value);
        return chain(end, toAnswer, onFailed);
      });
    },
    runRound: async (init) => {
      const onFailed = (error: unknown) => failed(error, init);
      return withArguments(init.request.params?.arguments ?? {}, init, (args) =>
        chain(runRound(init, handlerOf(args)), toEnd, onFailed),
      );
    },
  };
}

interface Answers {
  /** Returns the result for arguments that do not fit the schema. */
  readonly refused: (problem: string) => Result;
  /** Returns the result for a value that the handler returned. */
  readonly succeeded: (value: unknown) => Result | Promise<Result>;
  /**
   * Returns the result for an error that the handler or the conversion of its arguments threw. Throws
   * again what is not an error of the tool: protocol errors, mistakes that a replay has found, and
   * any error of a cancelled request.
   */
  readonly failed: (error: unknown, call: Pick<Round, "request" | "context">) => Result;
}

/** @spec server/tools#error-handling */
function createAnswers(
  name: string,
  output: CompiledSchema | undefined,
  { meta, onMasked, exposeErrors }: CompileToolOptions,
): Answers {
  const withError = (content: readonly ContentBlock[]) => toWire({ content, isError: true }, meta);
  const told = (error: unknown): Result => {
    if (isToolError(error)) return withError(error.content);
    throw error;
  };
  return {
    refused: (problem) => withError([text(`Invalid arguments: ${problem}`)]),
    succeeded: (value) => {
      if (output === undefined) return toWire(plainInit(value), meta, contentRemedy);
      const init = value instanceof ToolResult ? value.init : { structuredContent: value };
      if (init.isError) return toWire(init, meta);
      const toStructured = (checked: Checked<unknown>) =>
        toWire(withStructuredContent(init, checked), meta);
      return chainCall(() => output.check(init.structuredContent), toStructured, told);
    },
    failed: (error, { request, context }) => {
      const isOwn = isProtocolError(error) && !error.peer;
      const isAborted = context.signal.aborted;
      if (isToolError(error) || isOwn || error instanceof HandlerError || isAborted) {
        return told(error);
      }
      onMasked(error, placeIn(`${callTool.name} ${name}`, request));
      return withError([text(exposeErrors ? messageOf(error) : "Internal error")]);
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

interface CompiledSchemas {
  readonly input: CompiledSchema;
  readonly output: CompiledSchema | undefined;
  readonly headers: readonly HeaderParam[];
  readonly scopes: EntryScopes;
  readonly shown: Tool;
}

function compileSchemas(definition: ToolDefinition, options: CompileOptions): CompiledSchemas {
  const { name, inputSchema, outputSchema, icons } = definition;
  return withToolName(name, () => {
    requireSafeIcons("tool", icons);
    const scopes = compileScopes(definition.scopes);
    const schema = inputSchema === undefined ? noArguments : inputSchema;
    const input = compileInput(schema, options);
    const shownSchema = asObjectSchema(input.jsonSchema);
    if (shownSchema === undefined) {
      throw new TypeError(
        "inputSchema: expected a schema of objects, because arguments have names",
      );
    }
    const output = outputSchema && compileOutput(outputSchema, options);
    const shown = { name, ...describedBy(definition), inputSchema: shownSchema };
    return {
      input,
      output,
      headers: headerParams(shownSchema),
      scopes,
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
function toWire(init: ToolResultInit, meta: JSONObject | undefined, remedy = ""): Result {
  const { content, structuredContent, isError, _meta } = init;
  const result: { [member: string]: unknown } = {
    resultType: "complete",
    content: requireContent("content", content ?? toText(structuredContent), remedy),
  };
  if (structuredContent !== undefined) result.structuredContent = structuredContent;
  if (isError !== undefined) result.isError = requireBoolean("isError", isError);
  if (_meta !== undefined) result._meta = { ...meta, ...requirePlainMeta(_meta) };
  else if (meta !== undefined) result._meta = meta;
  return result;
}

function requireBoolean(name: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new TypeError(`toolResult: ${name}: expected true or false`);
}

function requirePlainMeta(meta: unknown): JSONObject {
  if (isObject(meta) && typeof meta.toJSON !== "function") return meta;
  throw new TypeError("toolResult: _meta: expected a JSON object");
}

/** Returns the result of a tool without an output schema. */
function plainInit(value: unknown): ToolResultInit {
  if (!(value instanceof ToolResult)) return { content: toContent(value) };
  const { init } = value;
  return init.structuredContent === undefined
    ? init
    : withStructuredContent(init, carriedByJSON(init.structuredContent));
}

/** Advice for a handler whose value is not content. */
const contentRemedy =
  "; return text, content blocks or toolResult({ content }), or define an outputSchema";

/** @spec server/tools#output-schema */
function withStructuredContent(init: ToolResultInit, checked: Checked<unknown>): ToolResultInit {
  if (!("problem" in checked)) return { ...init, structuredContent: checked.value };
  const { structuredContent: value } = init;
  const isResult = isObject(value) && ("content" in value || "structuredContent" in value);
  const remedy = isResult ? "; pass a complete result to toolResult()" : "";
  throw new TypeError(`structuredContent: ${checked.problem}${remedy}`);
}

/** @spec server/tools#structured-content */
function toText(structured: unknown): readonly ContentBlock[] {
  return structured === undefined ? [] : [{ type: "text", text: encodeJSON(structured) }];
}

function toContent(value: unknown): readonly ContentBlock[] {
  if (typeof value === "string") return [{ type: "text", text: value }];
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]) as readonly ContentBlock[];
}
