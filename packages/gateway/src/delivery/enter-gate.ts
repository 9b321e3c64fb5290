/** Waits for a place at an upstream, for requests that were read. */
import { isTransportError, TransportError } from "lutra/protocol";
import type { ExchangeRecord } from "../exchange-record.ts";
import type { Fleet } from "./fleet.ts";
import type { Waiter } from "./gate.ts";

/**
 * Resolves once the request is in; it must leave in the end.
 *
 * @throws {UpstreamError} `unavailable` when too many wait already, or it has waited for too long
 * @throws {TransportError} when the signal aborts first
 */
export function enterGate(
  { gate, crowded }: Pick<Fleet, "gate" | "crowded">,
  signal: AbortSignal,
  record: ExchangeRecord | undefined,
): Promise<void> | undefined {
  let resolve = () => {};
  let reject = (_error: Error) => {};
  const refuse = () => {
    if (record !== undefined) record.reason = "queue";
    return crowded();
  };
  const waiter: Waiter = { onTurn: () => resolve(), onLate: () => reject(refuse()) };
  const entry = gate.enter(waiter);
  if (entry === "entered") return undefined;
  if (entry === "full") throw refuse();
  return new Promise<void>((fulfil, fail) => {
    const onAbort = () => {
      gate.abandon(waiter);
      fail(abortError(signal));
    };
    signal.addEventListener("abort", onAbort);
    const done = () => signal.removeEventListener("abort", onAbort);
    resolve = () => {
      done();
      fulfil();
    };
    reject = (error) => {
      done();
      fail(error);
    };
  });
}

/** What is thrown for a request whose sender no longer waits. */
export function abortError({ reason }: AbortSignal): TransportError {
  if (isTransportError(reason)) return reason;
  return new TransportError("aborted", "The request was aborted", { cause: reason });
}
