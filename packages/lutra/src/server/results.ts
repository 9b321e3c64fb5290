/**
 * What handlers return and throw beside plain values.
 *
 * @spec server/tools#tool-result, server/tools#error-handling
 */
import type { ContentBlock } from "../protocol/content.ts";
import type { InputRequests } from "../protocol/input-required.ts";
import type { JSONObject } from "../protocol/json.ts";

export interface ToolResultInit<Structured = unknown> {
  /** @default the structured content as JSON text */
  readonly content?: readonly ContentBlock[];
  readonly structuredContent?: Structured;
  readonly isError?: boolean;
  readonly _meta?: JSONObject;
}

/** A tool's result with everything chosen by hand. Make one with `toolResult`. */
export class ToolResult<Structured = unknown> {
  readonly init: ToolResultInit<Structured>;
  constructor(init: ToolResultInit<Structured>) {
    this.init = init;
  }
}

/** Returns content, structured content and `_meta` from a tool, each chosen by hand. */
export function toolResult(
  init: ToolResultInit<undefined> & { readonly structuredContent?: undefined },
): ToolResult<undefined>;
export function toolResult<Structured>(
  init: ToolResultInit<Structured> & { readonly structuredContent: Structured },
): ToolResult<Structured>;
export function toolResult<Structured>(init: ToolResultInit<Structured>): ToolResult<Structured> {
  return new ToolResult(init);
}

/** Marks what a tool throws for the model to read, whatever class it has. */
export const toolErrorBrand: unique symbol = Symbol.for("lutra.ToolError");

/**
 * Thrown by a tool to tell the model what went wrong, so that it can try again: the result has
 * `isError: true` and this message.
 */
export class ToolError extends Error {
  override readonly name: string = "ToolError";
  readonly content: readonly ContentBlock[];

  constructor(
    message: string,
    content: readonly ContentBlock[] = [{ type: "text", text: message }],
  ) {
    super(message);
    this.content = content;
    Object.defineProperty(this, toolErrorBrand, { value: true });
  }
}

/** Recognises a `ToolError`, also one made by another copy of this package. */
export function isToolError(value: unknown): value is ToolError {
  return typeof value === "object" && value !== null && toolErrorBrand in value;
}

export interface InputRequiredInit {
  /** What the client is asked for, under keys of your choice. */
  readonly inputRequests?: InputRequests;
  /** Any JSON value; sealed into `requestState` and back in `context.state` on the retry. */
  readonly state?: unknown;
}

/** A request for input in explicit form. Make one with `inputRequired`. */
export class InputRequired {
  readonly init: InputRequiredInit;
  constructor(init: InputRequiredInit) {
    this.init = init;
  }
}

/**
 * Returns from a handler to ask the client for input by hand. The retry has the answers in
 * `context.inputResponses` and the state in `context.state`. `context.elicit` does the same in one
 * `await`.
 */
export function inputRequired(init: InputRequiredInit): InputRequired {
  return new InputRequired(init);
}
