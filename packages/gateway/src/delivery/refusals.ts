import { phaseError } from "./time-limits.ts";
import { UpstreamError } from "./upstream-error.ts";

/** What clients are told when an upstream gives them no answer. */
export interface Refusals {
  readonly notReady: () => UpstreamError;
  /** Too much waits already, or this has waited for too long. */
  readonly crowded: () => UpstreamError;
  readonly unreachable: (cause: unknown) => UpstreamError;
  /** No replica could be connected to in time. */
  readonly slowConnect: (cause: unknown) => UpstreamError;
  readonly broken: (cause: unknown) => UpstreamError;
  readonly malformed: (cause: unknown) => UpstreamError;
}

/** When a client that was refused may try again, in milliseconds. */
const retryAfterMs = 1000;

export function createRefusals(upstream: string): Refusals {
  const refuse = (kind: UpstreamError["kind"], message: string, options = {}) =>
    new UpstreamError(kind, upstream, message, options);
  return {
    notReady: () => refuse("unavailable", "No replica of the upstream is ready", { retryAfterMs }),
    crowded: () => refuse("unavailable", "Too much waits for the upstream", { retryAfterMs }),
    unreachable: (cause) => refuse("unreachable", "The upstream can't be reached", { cause }),
    slowConnect: (cause) => refuse("timeout", phaseError("connect").message, { cause }),
    broken: (cause) =>
      refuse("unreachable", "The upstream broke off before it answered", { cause }),
    malformed: (cause) => refuse("malformed", "The upstream answered what is no MCP", { cause }),
  };
}
