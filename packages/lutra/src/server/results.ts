/**
 * Results and errors that handlers return or throw besides plain values.
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

/** The complete result of a tool. Create one with `toolResult`. */
export class ToolResult<Structured = unknown> {
  readonly init: ToolResultInit<Structured>;
  constructor(init: ToolResultInit<Structured>) {
    this.init = init;
  }
}

/** Creates a tool result from content, structured content and `_meta`. */
export function toolResult(
  init: ToolResultInit<undefined> & { readonly structuredContent?: undefined },
): ToolResult<undefined>;
export function toolResult<Structured>(
  init: ToolResultInit<Structured> & { readonly structuredContent: Structured },
): ToolResult<Structured>;
export function toolResult<Structured>(init: ToolResultInit<Structured>): ToolResult<Structured> {
  return new ToolResult(init);
}

/** Marks errors whose message is meant for the model, whatever their class. */
export const toolErrorBrand: unique symbol = Symbol.for("lutra.ToolError");

/**
 * Thrown by a tool to report a problem to the model, so that it can try again. The result has
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

/** Returns true for a `ToolError`, including one from another copy of this package. */
export function isToolError(value: unknown): value is ToolError {
  return typeof value === "object" && value !== null && toolErrorBrand in value;
}

export interface InputRequiredInit {
  /** Requests to the client, under keys of your choice. */
  readonly inputRequests?: InputRequests;
  /** A JSON value. It is sealed into `requestState` and available as `context.state` on the retry. */
  readonly state?: unknown;
}

/** A result that requires input, in the explicit form. Created by `inputRequired`. */
export class InputRequired {
  readonly init: InputRequiredInit;
  constructor(init: InputRequiredInit) {
    this.init = init;
  }
}

/**
 * Creates a value that a handler returns to ask the client for input. The retry has the answers in
 * `context.inputResponses` and the state in `context.state`. `context.elicit` does the same with one
 * `await`.
 */
export function inputRequired(init: InputRequiredInit): InputRequired {
  return new InputRequired(init);
}
