import { describe, expect, it } from "vitest";
import { ProtocolError } from "../protocol/errors.ts";
import { TransportError } from "../protocol/transport-error.ts";
import { maxRetryAfterMs, parseRetryAfter, pauseBefore } from "./retry-after.ts";

const now = Date.UTC(2026, 6, 28, 12, 0, 0);

describe("Retry-After", () => {
  it.each([
    ["seconds", "12", 12_000],
    ["no time at all", "0", 0],
    ["white space around it", " 3 ", 3000],
    ["a day", "86400", 86_400_000],
    ["a date", "Tue, 28 Jul 2026 12:01:30 GMT", 90_000],
    ["this moment", "Tue, 28 Jul 2026 12:00:00 GMT", 0],
  ])("is parsed: %s", (_what, header, ms) => {
    expect(parseRetryAfter(header, { now })).toBe(ms);
  });

  it.each([
    ["nothing", ""],
    ["a negative number", "-1"],
    ["a fraction", "1.5"],
    ["another notation", "1e3"],
    ["more than a day", "86401"],
    ["no end of digits", "9".repeat(400)],
    ["a date that is over", "Tue, 28 Jul 2026 11:59:59 GMT"],
    ["a date years ahead", "Tue, 28 Jul 2043 12:00:00 GMT"],
    ["a date of another form", "2026-07-28T12:01:30Z"],
    ["a date that is none", "Tue, 99 Jul 2026 12:01:30 GMT"],
    ["text", "soon"],
    ["two headers", "1, 2"],
  ])("is ignored: %s", (_what, header) => {
    expect(parseRetryAfter(header, { now })).toBeUndefined();
  });

  it("may be missing", () => {
    expect(parseRetryAfter(undefined)).toBeUndefined();
    expect(parseRetryAfter(null)).toBeUndefined();
  });

  it("counts a date from the Date of the response, not from the local clock", () => {
    const date = "Tue, 28 Jul 2026 12:00:00 GMT";
    const header = "Tue, 28 Jul 2026 12:00:05 GMT";
    expect(parseRetryAfter(header, { date, now: now + 3_600_000 })).toBe(5000);
    expect(parseRetryAfter(header, { date: "yesterday", now })).toBe(5000);
  });
});

describe("the pause before the next attempt", () => {
  const busy = (retryAfterMs?: number) =>
    new ProtocolError("internalError", "busy", { status: 503, retryAfterMs });

  it("is that of the server when the own one is shorter", () => {
    expect(pauseBefore(busy(7000), 500)).toBe(7000);
    expect(pauseBefore(busy(7000), 9000)).toBe(9000);
    const away = new TransportError("http", "away", { status: 503, retryAfterMs: 7000 });
    expect(pauseBefore(away, 500)).toBe(7000);
  });

  it("is limited, regardless of the server", () => {
    expect(pauseBefore(busy(maxRetryAfterMs * 2), 500)).toBe(maxRetryAfterMs);
  });

  it("is the own one when the server asks for none", () => {
    for (const error of [
      undefined,
      new Error("no"),
      busy(),
      new TransportError("closed", "gone"),
    ]) {
      expect(pauseBefore(error, 500)).toBe(500);
    }
  });
});
