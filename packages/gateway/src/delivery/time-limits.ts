/** How long the parts of an exchange may take, and what is said when one takes longer. */
import { TransportError } from "lutra/protocol";
import type { UpstreamConfig } from "../config/schema.ts";
import { UpstreamError } from "./upstream-error.ts";

/** Milliseconds; infinite where there is no limit. */
export type TimeLimits = Pick<UpstreamConfig["timeouts"], "firstByteMs" | "idleMs" | "totalMs">;

/** What an exchange waits for; with `body` it is the client that lets it wait. */
export type Phase = "connect" | "body" | "first-byte" | "idle" | "total";

/**
 * A response that stays open may be quiet for as long as nothing happens, and servers need not send
 * anything in between; so only its first byte has a limit.
 */
export function limitsOf(timeouts: TimeLimits, isLongLived: boolean): TimeLimits {
  if (!isLongLived) return timeouts;
  const never = Number.POSITIVE_INFINITY;
  return { firstByteMs: timeouts.firstByteMs, idleMs: never, totalMs: never };
}

/** The shortest limit, by which the clock ticks. */
export function shortestOf({ firstByteMs, idleMs, totalMs }: TimeLimits): number {
  return Math.min(firstByteMs, idleMs, totalMs);
}

/** The word for logs. */
export function timeoutReason(phase: Phase): string {
  return `${phase}-timeout`;
}

/** Why an exchange was broken off; it does not leave the gateway. */
export function phaseError(phase: Phase): TransportError {
  return new TransportError("timeout", `The upstream did not answer in time (${phase})`);
}

/** What the client is told. */
export function timeoutError(upstream: string, phase: Phase): UpstreamError {
  const { message } = phaseError(phase);
  return new UpstreamError("timeout", upstream, message);
}
