/**
 * What the client knows of the server's tools: which arguments go into headers, and what their
 * structured content must look like.
 *
 * @spec server/tools#x-mcp-header, server/tools#output-schema
 */
import { type HeaderParam, headerParams } from "../protocol/header-params.ts";
import { malformed } from "../protocol/method.ts";
import type { CallToolResult, Tool } from "../protocol/tools.ts";
import { TransportError } from "../protocol/transport-error.ts";
import type { Validate } from "../schema/json-schema.ts";
import type { CompleteOptions } from "./options.ts";

/** One tool, as far as calls need it. */
export interface KnownTool {
  readonly tool: Tool;
  readonly headerParams: readonly HeaderParam[];
  /** Why the tool can't be called, where its definition breaks a rule. */
  readonly rejected: string | undefined;
  /** Compiled when the first structured content arrives. */
  validate: Validate | undefined;
}

const maxWarned = 1000;

export class ToolCatalogue {
  readonly #options: CompleteOptions;
  readonly #mirrorsHeaders: boolean;
  readonly #warned = new Set<string>();
  #tools = new Map<string, KnownTool>();
  #isComplete = false;

  constructor(options: CompleteOptions, mirrorsHeaders: boolean) {
    this.#options = options;
    this.#mirrorsHeaders = mirrorsHeaders;
  }

  /** True while the whole list is known. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  get(name: string): KnownTool | undefined {
    return this.#tools.get(name);
  }

  /** Takes a whole list, in place of what was known. */
  replace(tools: readonly Tool[]): void {
    this.#tools = new Map(tools.map((tool) => [tool.name, this.#read(tool)]));
    this.#isComplete = true;
  }

  /** Takes one page of a list, beside what is known. */
  add(tools: readonly Tool[]): void {
    for (const tool of tools) this.#tools.set(tool.name, this.#read(tool));
  }

  forget(): void {
    this.#tools = new Map();
    this.#isComplete = false;
  }

  /**
   * The tools without those whose annotations break a rule.
   *
   * @spec basic/transports/streamable-http#schema-extension
   */
  usable(tools: readonly Tool[]): readonly Tool[] {
    const isUsable = ({ name }: Tool) => this.#tools.get(name)?.rejected === undefined;
    return tools.every(isUsable) ? tools : tools.filter(isUsable);
  }

  #read(tool: Tool): KnownTool {
    const known = { tool, headerParams: [], rejected: undefined, validate: undefined };
    if (!this.#mirrorsHeaders) return known;
    try {
      return { ...known, headerParams: headerParams(tool.inputSchema) };
    } catch (error) {
      const rejected = (error as Error).message;
      this.#warn(`tools/list: the tool "${tool.name}" is left out: ${rejected}`);
      return { ...known, rejected };
    }
  }

  /** Warns of each thing once, as far as memory is worth spending on it. */
  #warn(warning: string): void {
    if (this.#warned.has(warning)) return;
    if (this.#warned.size === maxWarned) this.#warned.clear();
    this.#warned.add(warning);
    this.#options.onWarning(warning);
  }

  /** Says what is wrong with the structured content of a result, or `undefined`. */
  problemWith(known: KnownTool, result: CallToolResult): string | undefined {
    const { outputSchema } = known.tool;
    if (outputSchema === undefined || result.isError === true) return undefined;
    if (result.structuredContent === undefined) return "missing";
    known.validate ??= this.#compile(known.tool.name, outputSchema);
    return known.validate(result.structuredContent);
  }

  /** A schema that can't be honoured is an error, not a permission. */
  #compile(name: string, outputSchema: NonNullable<Tool["outputSchema"]>): Validate {
    try {
      return this.#options.validator(outputSchema);
    } catch (cause) {
      const message = `tools/list: the output schema of "${name}" is not usable`;
      throw new TransportError("malformed", message, { cause });
    }
  }
}

/** The error for structured content that its schema does not allow. */
export function nonconforming(name: string, problem: string, result: CallToolResult): Error {
  const { message, reason } = malformed(`result.structuredContent of "${name}": ${problem}`);
  return new TransportError(reason, message, { cause: result });
}
