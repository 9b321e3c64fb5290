/**
 * Trace context in `_meta`: the members that connect the spans of client and server.
 *
 * @spec basic/index#meta
 */
import { isObject, type JSONObject } from "./json.ts";
import type { JSONRPCRequest } from "./json-rpc.ts";

/** The members of `_meta` that carry trace context, which are also the names of its HTTP headers. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string;
  readonly baggage?: string;
}

/** Maximum length of a `tracestate`, in characters: what every participant must accept. */
const maxTracestateLength = 512;

/** Maximum length of `baggage`, in characters: what every participant must accept. */
const maxBaggageLength = 8192;

/** Returns true for a valid `traceparent`: a version, and ids that are not zero. */
export function isTraceparent(value: unknown): value is string {
  return typeof value === "string" && traceparentPattern.test(value);
}

/**
 * Returns the valid trace context among the members of `_meta` or the headers of a request; undefined
 * without a valid `traceparent`. An invalid `tracestate` or `baggage` is left out.
 */
export function readTraceContext(members: unknown): TraceContext | undefined {
  if (!isObject(members)) return undefined;
  const { traceparent, tracestate, baggage } = members as JSONObject;
  if (!isTraceparent(traceparent)) return undefined;
  return {
    traceparent,
    ...(isTracestate(tracestate) && { tracestate }),
    ...(isBaggage(baggage) && { baggage }),
  };
}

/** Returns a request whose `_meta` carries a span in place of its own. Other baggage is kept. */
export function withTraceContext(request: JSONRPCRequest, carried: TraceContext): JSONRPCRequest {
  const { traceparent, tracestate, ...meta } = (request.params?._meta ?? {}) as JSONObject;
  return { ...request, params: { ...request.params, _meta: { ...meta, ...carried } } };
}

/** Returns the id of the trace that a valid `traceparent` names. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}

const traceparentPattern =
  /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;

function isTracestate(value: unknown): value is string {
  return isShortText(value, maxTracestateLength) && value.split(",").every(isStateMember);
}

/** Returns true for a member of the form `key=value`, or an empty one, which is allowed. */
function isStateMember(member: string): boolean {
  const text = member.trim();
  return (
    text === "" || /^[a-z\d][a-z\d_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{1,256}$/.test(text)
  );
}

function isBaggage(value: unknown): value is string {
  return isShortText(value, maxBaggageLength) && value.split(",").every(isBaggageMember);
}

function isBaggageMember(member: string): boolean {
  return /^[ \t]*[!#$%&'*+.^_`|~\dA-Za-z-]+[ \t]*=[\x21\x23-\x2b\x2d-\x7e \t]*$/.test(member);
}

function isShortText(value: unknown, maxLength: number): value is string {
  return typeof value === "string" && value !== "" && value.length <= maxLength;
}
