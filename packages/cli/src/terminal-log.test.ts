import { describe, expect, it } from "vitest";
import { terminalLogFor } from "./terminal-log.ts";

const noon = new Date(2026, 6, 28, 12, 0, 0).getTime();
const entry = { level: 30, time: noon, method: "tools/call", name: "add", status: 200, ms: 1.26 };

function lineOf(fields: object, hasColors = false): string {
  const written: string[] = [];
  const out = {
    isTTY: true,
    hasColors: () => hasColors,
    write: (text: string) => written.push(text),
  };
  const log = terminalLogFor(out as never, (upstream, replica) => `${upstream} ${replica}`);
  log?.write(`${JSON.stringify({ ...entry, ...fields })}\n`);
  return written.join("");
}

describe("the log for a terminal", () => {
  it("has one line of text for each request", () => {
    expect(lineOf({ upstream: "desk", replica: "2" })).toBe(
      `12:00:00  200  ${"tools/call add".padEnd(32)}      1.3 ms  desk 2\n`,
    );
  });

  it("names the reason of a failure, the cache and the caller", () => {
    expect(lineOf({ status: 502, reason: "unreachable" })).toMatch(/ 502 .* ms {2}unreachable\n$/);
    expect(lineOf({ cache: "hit", principal: "ana", name: undefined })).toMatch(/ hit ana\n$/);
    expect(lineOf({ broken: true })).toMatch(/ broken\n$/);
  });

  it("colours the status by its kind, in a terminal with colours", () => {
    expect(lineOf({}, true)).toContain("\u001b[32m200\u001b[39m");
    expect(lineOf({ status: 404 }, true)).toContain("\u001b[33m404\u001b[39m");
    expect(lineOf({ status: 502 }, true)).toContain("\u001b[31m502\u001b[39m");
    expect(lineOf({ broken: true }, true)).toContain("\u001b[31m200\u001b[39m");
  });

  it("contains no control characters of a client", () => {
    const line = lineOf({ method: "\u001b[2J", name: "a\nb\u009bc", principal: "\u202ed" });
    expect(line).toContain("?[2J a?b?c");
    expect(line).toMatch(/ \?d\n$/);
  });

  it("accepts several lines at once", () => {
    const written: string[] = [];
    const out = {
      isTTY: true,
      hasColors: () => false,
      write: (text: string) => written.push(text),
    };
    const text = `${JSON.stringify(entry)}\n`;
    terminalLogFor(out as never, () => "")?.write(text + text);
    expect(written.join("").split("\n")).toHaveLength(3);
  });

  it("is left to the gateway where the output is not a terminal", () => {
    const out = { isTTY: false, hasColors: () => false, write: () => true };
    expect(terminalLogFor(out as never, () => "")).toBeUndefined();
  });
});
