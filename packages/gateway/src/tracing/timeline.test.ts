import { expect, it } from "vitest";
import { createRecord } from "../exchange-record.ts";
import type { AttemptTrace, ExchangeTrace } from "./exchange-trace.ts";
import { withTimeline } from "./timeline.ts";

const sent = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01" };

it("records attempts and waits in their order, with the reason of a failure", () => {
  const record = createRecord();
  const trace = withTimeline(undefined)(record, undefined);
  trace.wait("queue");
  trace.waited("queue");
  const first = trace.attempt("places", "1");
  first.end("broken");
  first.end();
  trace.attempt("places", "2").end();
  expect(record.timeline).toMatchObject([
    { kind: "wait", name: "queue" },
    { kind: "attempt", name: "places", replica: "1", failure: "broken" },
    { kind: "attempt", name: "places", replica: "2" },
  ]);
  expect(record.timeline?.at(-1)?.failure).toBeUndefined();
  for (const { startMs, endMs } of record.timeline ?? []) {
    expect(startMs).toBeGreaterThanOrEqual(0);
    expect(endMs).toBeGreaterThanOrEqual(startMs);
  }
});

it("ends the parts that are open at the end of the exchange", () => {
  const record = createRecord();
  const trace = withTimeline(undefined)(record, undefined);
  trace.wait("guard");
  trace.attempt("places", "1");
  trace.end(200);
  expect(record.timeline?.map(({ endMs }) => typeof endMs)).toEqual(["number", "number"]);
});

it("has the trace id that the client has sent, and carries nothing to upstreams", () => {
  const trace = withTimeline(undefined)(createRecord(), sent);
  expect(trace.traceId).toBe("0af7651916cd43dd8448eb211c80319c");
  expect(trace.attempt("places", "1").carried).toBeUndefined();
  expect(withTimeline(undefined)(createRecord(), undefined).traceId).toBeUndefined();
});

it("bounds the number of parts", () => {
  const record = createRecord();
  const trace = withTimeline(undefined)(record, undefined);
  for (let at = 0; at < 500; at += 1) trace.attempt("places", "1").end();
  expect(record.timeline).toHaveLength(64);
});

it("passes everything on to the spans of OpenTelemetry", () => {
  const calls: string[] = [];
  const attempt: AttemptTrace = { carried: sent, end: (failure) => calls.push(`end ${failure}`) };
  const inner: ExchangeTrace = {
    traceId: "1234",
    attempt: (upstream, replica) => {
      calls.push(`attempt ${upstream} ${replica}`);
      return attempt;
    },
    wait: (policy) => calls.push(`wait ${policy}`),
    waited: (policy) => calls.push(`waited ${policy}`),
    end: (status) => calls.push(`end ${status}`),
  };
  const trace = withTimeline(() => inner)(createRecord(), sent);
  expect(trace.traceId).toBe("1234");
  trace.wait("queue");
  trace.waited("queue");
  const begun = trace.attempt("places", "1");
  expect(begun.carried).toBe(sent);
  begun.end("broken");
  trace.end(200);
  const attempts = ["attempt places 1", "end broken"];
  expect(calls).toEqual(["wait queue", "waited queue", ...attempts, "end 200"]);
});
