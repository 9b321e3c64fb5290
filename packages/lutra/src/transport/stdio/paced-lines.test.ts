import { describe, expect, it } from "vitest";
import { createLineReader } from "./lines.ts";
import { PacedLines } from "./paced-lines.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

function pacedLines() {
  const lines: string[] = [];
  const onLine = (line: Uint8Array) => void lines.push(new TextDecoder().decode(line));
  let idle = 0;
  const reader = createLineReader({ onLine, onTooLong: () => {} });
  const paced = new PacedLines(reader, () => {
    idle += 1;
  });
  return { lines, paced, idleCalls: () => idle };
}

describe("paced lines", () => {
  it("reads chunks of few lines at once", () => {
    const { lines, paced } = pacedLines();
    paced.push(bytesOf("a\nb\nc"));
    expect(lines).toEqual(["a", "b"]);
    expect(paced.isBusy).toBe(false);
    paced.push(bytesOf("d\n"));
    expect(lines).toEqual(["a", "b", "cd"]);
  });

  it("reads a chunk of many lines over several turns, in order with later chunks", async () => {
    const { lines, paced, idleCalls } = pacedLines();
    const many = Array.from({ length: 10_000 }, (_, index) => `line ${index}`);
    paced.push(bytesOf(`${many.join("\n")}\nunfinished `));
    expect(lines.length).toBeLessThan(1000);
    expect(paced.isBusy).toBe(true);
    paced.push(bytesOf("line\nlast"));
    await paced.end();
    expect(lines).toEqual([...many, "unfinished line", "last"]);
    expect(idleCalls()).toBe(1);
  });
});
