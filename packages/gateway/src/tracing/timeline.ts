/**
 * The timeline of an exchange: its attempts and its waits, for the console. It is recorded where spans
 * begin and end, and needs no OpenTelemetry.
 */
import { traceIdOf } from "lutra/internal";
import type { ExchangeRecord } from "../exchange-record.ts";
import type { AttemptTrace, ExchangeTrace, TimelinePart } from "./exchange-trace.ts";
import type { StartTrace } from "./start-trace.ts";

/** Maximum number of parts that are recorded for one exchange; a merged list can have many. */
const maxParts = 64;

/** Wraps the start of traces, so that each exchange also records its timeline. */
export function withTimeline(inner: StartTrace | undefined): StartTrace {
  return (record, sent) => {
    const trace = new TimelineTrace(
      record,
      inner?.(record, sent),
      sent && traceIdOf(sent.traceparent),
    );
    record.timeline = trace.parts;
    return trace;
  };
}

class TimelineTrace implements ExchangeTrace {
  readonly parts: TimelinePart[] = [];
  readonly traceId: string | undefined;
  readonly #record: ExchangeRecord;
  readonly #inner: ExchangeTrace | undefined;

  constructor(
    record: ExchangeRecord,
    inner: ExchangeTrace | undefined,
    sentId: string | undefined,
  ) {
    this.#record = record;
    this.#inner = inner;
    this.traceId = inner?.traceId ?? sentId;
  }

  attempt(upstream: string, replica: string): AttemptTrace {
    const part = this.#begin("attempt", upstream, replica);
    const inner = this.#inner?.attempt(upstream, replica);
    return {
      carried: inner?.carried,
      end: (failure) => {
        this.#finish(part, failure);
        inner?.end(failure);
      },
    };
  }

  wait(policy: string): void {
    this.#begin("wait", policy);
    this.#inner?.wait(policy);
  }

  waited(policy: string): void {
    const isOpen = ({ kind, name, endMs }: TimelinePart) =>
      kind === "wait" && name === policy && endMs === undefined;
    const open = this.parts.find(isOpen);
    if (open !== undefined) this.#finish(open, undefined);
    this.#inner?.waited(policy);
  }

  end(status: number): void {
    for (const part of this.parts) this.#finish(part, undefined);
    this.#inner?.end(status);
  }

  #begin(kind: TimelinePart["kind"], name: string, replica?: string): TimelinePart {
    const startMs = performance.now() - this.#record.startedAt;
    const part: TimelinePart = { kind, name, replica, startMs, endMs: undefined };
    if (this.parts.length < maxParts) this.parts.push(part);
    return part;
  }

  #finish(part: TimelinePart, failure: string | undefined): void {
    if (part.endMs !== undefined) return;
    part.endMs = performance.now() - this.#record.startedAt;
    if (failure !== undefined) part.failure = failure;
  }
}
