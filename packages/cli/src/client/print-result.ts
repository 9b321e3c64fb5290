/** Prints the result of a tool. */
import { isDeepStrictEqual } from "node:util";
import type { CallToolResult } from "lutra/protocol";
import type { ExitCode } from "../exit-codes.ts";
import { notice } from "../notice.ts";
import type { Connected } from "./connect.ts";
import { plainJSON, plainText } from "./plain-text.ts";
import { contentText } from "./print-content.ts";
import { valueText } from "./print-value.ts";

/**
 * Prints a result, and returns the exit code. The content of a tool that failed goes to standard error,
 * so that the next program of a pipe does not read it.
 */
export function printResult(
  result: CallToolResult,
  { screen, isJSON }: Connected,
  folder: string | undefined,
): ExitCode {
  const { content, structuredContent, isError = false } = result;
  if (isJSON) {
    screen.print(plainJSON(result));
    return isError ? 3 : 0;
  }
  const blocks = content.filter((block) => !repeats(block, structuredContent));
  const texts = [
    ...(blocks.length === 0 ? [] : [contentText(blocks, screen, folder)]),
    ...(blocks.length < content.length || content.length === 0 ? structured(result, screen) : []),
  ];
  const text = texts.join("\n");
  if (!isError) {
    screen.print(text);
    return 0;
  }
  notice(`the tool failed: ${plainText(text)}`);
  return 3;
}

function structured({ structuredContent }: CallToolResult, screen: Connected["screen"]): string[] {
  return structuredContent === undefined ? [] : [valueText(structuredContent, screen)];
}

/** True for a block of text that contains the structured content again, as JSON. */
function repeats(block: CallToolResult["content"][number], structuredContent: unknown): boolean {
  if (structuredContent === undefined || block.type !== "text") return false;
  try {
    return isDeepStrictEqual(JSON.parse(block.text), structuredContent);
  } catch {
    return false;
  }
}
