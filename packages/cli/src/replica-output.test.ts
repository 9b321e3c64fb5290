import { once } from "node:events";
import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { labelLines } from "./replica-output.ts";

/** Labels the lines of the given chunks. */
async function labelled(...chunks: readonly string[]): Promise<string> {
  const source = new PassThrough();
  let output = "";
  labelLines(source, "[2] ", (text) => {
    output += text;
  });
  const ended = once(source, "end");
  for (const chunk of chunks) source.write(chunk);
  source.end();
  await ended;
  return output;
}

it("every line gets the label, however it is split", async () => {
  expect(await labelled("one\nt", "w", "o\n\nthree\n")).toBe("[2] one\n[2] two\n[2] \n[2] three\n");
});

it("the last line may have no end", async () => {
  expect(await labelled("one\ntwo")).toBe("[2] one\n[2] two\n");
});

it("a line without an end does not wait indefinitely", async () => {
  const output = await labelled("x".repeat(10_000), "y\n");
  expect(output).toBe(`[2] ${"x".repeat(10_000)}\n[2] y\n`);
});
