/**
 * The tools that the server has listed, with the arguments that are mirrored into headers and the
 * schema of structured content.
 *
 * @spec server/tools#x-mcp-header, server/tools#output-schema
 */
import type { Transport } from "../protocol/exchange.ts";
import { type HeaderParam, headerParams } from "../protocol/header-params.ts";
import { malformed } from "../protocol/method.ts";
import type { CallToolResult, Tool } from "../protocol/tools.ts";
import { TransportError } from "../protocol/transport-error.ts";
import type { Validate } from "../schema/json-schema.ts";
import type { CompleteOptions } from "./options.ts";
import { clip } from "./warnings.ts";

/** A listed tool, with the data that a call of it needs. */
export interface KnownTool {
  readonly tool: Tool;
  readonly headerParams: readonly HeaderParam[];
  /** The reason why the tool can't be called; `undefined` for a valid definition. */
  readonly rejected: string | undefined;
  /** Compiled when the first structured content arrives. */
  validate: Validate | undefined;
}

const maxWarned = 1000;

export class ToolCatalogue {
  readonly #options: CompleteOptions;
  readonly #transport: Pick<Transport, "mirrorsHeaders">;
  readonly #warned = new Set<string>();
  #tools = new Map<string, KnownTool>();
  #isComplete = false;

  constructor(options: CompleteOptions, transport: Pick<Transport, "mirrorsHeaders">) {
    this.#options = options;
    this.#transport = transport;
  }

  /** True while the whole list is known. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  get(name: string): KnownTool | undefined {
    return this.#tools.get(name);
  }

  /** Replaces the tools with a complete list. */
  replace(tools: readonly Tool[]): void {
    this.#tools = new Map(tools.map((tool) => [tool.name, this.#read(tool)]));
    this.#isComplete = true;
  }

  /** Adds one page of a list. */
  add(tools: readonly Tool[]): void {
    for (const tool of tools) this.#tools.set(tool.name, this.#read(tool));
  }

  forget(): void {
    this.#tools = new Map();
    this.#isComplete = false;
  }

  /**
   * Returns the tools except those with invalid header annotations.
   *
   * @spec basic/transports/streamable-http#schema-extension
   */
  usable(tools: readonly Tool[]): readonly Tool[] {
    const isUsable = ({ name }: Tool) => this.#tools.get(name)?.rejected === undefined;
    return tools.every(isUsable) ? tools : tools.filter(isUsable);
  }

  #read(tool: Tool): KnownTool {
    const known = { tool, headerParams: [], rejected: undefined, validate: undefined };
    if (!this.#transport.mirrorsHeaders) return known;
    try {
      return { ...known, headerParams: headerParams(tool.inputSchema) };
    } catch (error) {
      const rejected = (error as Error).message;
      this.#warn(`tools/list: the tool "${tool.name}" is omitted: ${rejected}`);
      return { ...known, rejected };
    }
  }

  /** Reports each warning once. After `maxWarned` different warnings, they may repeat. */
  #warn(message: string): void {
    const warning = clip(message);
    if (this.#warned.has(warning)) return;
    if (this.#warned.size === maxWarned) this.#warned.clear();
    this.#warned.add(warning);
    this.#options.onWarning(warning);
  }

  /** Returns the problem with the structured content of a result, or `undefined`. */
  problemWith(known: KnownTool, result: CallToolResult): string | undefined {
    const { outputSchema } = known.tool;
    if (outputSchema === undefined || result.isError === true) return undefined;
    if (result.structuredContent === undefined) return "missing";
    known.validate ??= this.#compile(known.tool.name, outputSchema);
    return known.validate(result.structuredContent);
  }

  /** Compiles a schema. On failure, the call fails, because its result can't be validated. */
  #compile(name: string, outputSchema: NonNullable<Tool["outputSchema"]>): Validate {
    try {
      return this.#options.validator(outputSchema);
    } catch (cause) {
      const message = `tools/list: the output schema of "${name}" can't be compiled`;
      throw new TransportError("malformed", message, { cause });
    }
  }
}

/** Creates the error for structured content that does not match its schema. */
export function nonconforming(name: string, problem: string, result: CallToolResult): Error {
  const { message, reason } = malformed(`result.structuredContent of "${name}": ${problem}`);
  return new TransportError(reason, message, { cause: result });
}
