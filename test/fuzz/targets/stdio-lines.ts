import assert from "node:assert/strict";
import { createLineReader } from "../../../packages/lutra/src/transport/stdio/lines.ts";
import type { Target } from "../target.ts";

const maxLineBytes = 64;

export const stdioLines: Target = {
  kind: "bytes",
  name: "stdio-lines",
  title: "stdio: the same lines however the bytes are split; too long lines are skipped once",
  dictionary: ["\n", "\r\n", "\r", "\n\n", "é", "x".repeat(64), '{"jsonrpc":"2.0"}'],
  check: (input) => {
    const expected = Buffer.from(input)
      .toString("latin1")
      .split("\n")
      .map((line) => (line.length > maxLineBytes ? "too long" : line.replace(/\r$/, "")))
      .filter((line) => line !== "");
    for (const size of [input.length || 1, 1, 7]) assert.deepEqual(linesOf(input, size), expected);
  },
};

function linesOf(input: Uint8Array, size: number): readonly string[] {
  const lines: string[] = [];
  const reader = createLineReader({
    maxLineBytes,
    onLine: (line) => lines.push(Buffer.from(line).toString("latin1")),
    onTooLong: () => lines.push("too long"),
  });
  for (let at = 0; at < input.length; at += size) reader.push(input.subarray(at, at + size));
  reader.end();
  return lines;
}
