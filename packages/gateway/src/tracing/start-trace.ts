/** The start of a trace: the function that begins it, and what the client sends for it. */
import type { ReadHeader } from "lutra/internal";
import { readTraceContext, type TraceContext } from "lutra/protocol";
import type { ExchangeRecord } from "../exchange-record.ts";
import type { ExchangeTrace } from "./exchange-trace.ts";

/** Starts the span of an exchange. It continues the trace of the client, if there is a valid one. */
export type StartTrace = (record: ExchangeRecord, sent: TraceContext | undefined) => ExchangeTrace;

/** Returns the valid trace context in the headers of a request. */
export function traceInHeaders(header: ReadHeader): TraceContext | undefined {
  const [traceparent, tracestate] = [header("traceparent"), header("tracestate")];
  return traceparent === undefined ? undefined : readTraceContext({ traceparent, tracestate });
}
