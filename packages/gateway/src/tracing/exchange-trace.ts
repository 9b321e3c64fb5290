/** The spans of exchanges, as the parts of the gateway see them. A gateway without tracing has none. */
import type { TraceContext } from "lutra/protocol";

/** The span of one attempt to have a request answered by a replica. */
export interface AttemptTrace {
  /** The members that the replica receives. Undefined if no propagator is configured. */
  readonly carried: TraceContext | undefined;
  /** Ends the span, with the reason of a failure. Later calls have no effect. */
  readonly end: (failure?: string) => void;
}

/** The span of one exchange, and those below it. */
export interface ExchangeTrace {
  /** Undefined if the application has registered no SDK. */
  readonly traceId: string | undefined;
  /** Starts the span of an attempt. */
  readonly attempt: (upstream: string, replica: string) => AttemptTrace;
  /** Starts the span of a policy for which the request waits, such as `queue`. */
  readonly wait: (policy: string) => void;
  /** Ends the span of a policy, if it was started. */
  readonly waited: (policy: string) => void;
  /** Ends the span of the exchange. `status` is 0 if no response was sent. */
  readonly end: (status: number) => void;
}

/** A part of an exchange. Times are in milliseconds since the arrival of the request. */
export interface TimelinePart {
  readonly kind: "attempt" | "wait";
  /** The upstream of an attempt; the policy of a wait, such as `queue`. */
  readonly name: string;
  /** The replica of an attempt. */
  readonly replica?: string | undefined;
  readonly startMs: number;
  /** Undefined until the part has ended. */
  endMs: number | undefined;
  /** The reason of a failure, such as `unreachable`. */
  failure?: string | undefined;
}
