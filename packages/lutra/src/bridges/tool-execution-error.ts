import type { CallToolResult } from "../protocol/tools.ts";
import { modelParts, textOf } from "./model-parts.ts";

/** A tool that ran and failed. The message is the text that the model receives. */
export class ToolExecutionError extends Error {
  override readonly name: string = "ToolExecutionError";
  /** The result with `isError`. */
  readonly result: CallToolResult;

  constructor(result: CallToolResult) {
    super(textOf(modelParts(result)));
    this.result = result;
  }
}

/** Creates the error for a call that can't be sent. The model can correct the call. */
export function refusedCall(text: string): ToolExecutionError {
  return new ToolExecutionError({ content: [{ type: "text", text }], isError: true });
}
