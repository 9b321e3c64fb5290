import { expect, it } from "vitest";
import { isTraceparent, readTraceContext, traceIdOf } from "./trace-context.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;

it.each([
  ["a well-formed one", traceparent, true],
  ["a later version", traceparent.replace("00-", "cc-"), true],
  ["the forbidden version", traceparent.replace("00-", "ff-"), false],
  ["capital letters", traceparent.toUpperCase(), false],
  ["a trace id of zeros", `00-${"0".repeat(32)}-00f067aa0ba902b7-01`, false],
  ["a parent id of zeros", `00-${traceId}-${"0".repeat(16)}-01`, false],
  ["further members", `${traceparent}-00`, false],
  ["a line break", `${traceparent}\n`, false],
  ["a number", 1, false],
])("accepts as traceparent %s: %j is %s", (_case, value, isValid) => {
  expect(isTraceparent(value)).toBe(isValid);
});

it.each([
  ["one member", "rojo=00f067aa0ba902b7", true],
  ["several, with spaces", "rojo=1, a@b=2 ,", true],
  ["a capital key", "Rojo=1", false],
  ["a line break", "rojo=1\r\nx=2", false],
  ["more than 512 characters", `a=${"1".repeat(511)}`, false],
])("keeps a valid tracestate: %s", (_case, tracestate, isKept) => {
  expect(readTraceContext({ traceparent, tracestate })).toEqual(
    isKept ? { traceparent, tracestate } : { traceparent },
  );
});

it.each([
  ["members with properties", "userId=alice;x=1,isProduction=false", true],
  ["encoded values", "serverNode=DF%2028", true],
  ["no value", "user", false],
  ["a line break", "a=1\nb=2", false],
  ["more than 8192 characters", `a=${"1".repeat(8191)}`, false],
])("keeps valid baggage: %s", (_case, baggage, isKept) => {
  expect(readTraceContext({ traceparent, baggage })).toEqual(
    isKept ? { traceparent, baggage } : { traceparent },
  );
});

it("reads nothing without a valid traceparent", () => {
  expect(readTraceContext({ traceparent: "00-1-2-01", baggage: "a=1" })).toBeUndefined();
  expect(readTraceContext(undefined)).toBeUndefined();
});

it("returns the id of the trace", () => {
  expect(traceIdOf(traceparent)).toBe(traceId);
});
