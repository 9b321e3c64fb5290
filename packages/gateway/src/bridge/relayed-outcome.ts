/** The outcome of a request as JSON, for another process of the gateway. */
import {
  isProtocolError,
  isTransportError,
  type JSONObject,
  ProtocolError,
  type Result,
  TransportError,
  type TransportErrorReason,
} from "lutra/protocol";

export type RelayedOutcome = JSONObject;

/** Encodes what a promise settles with. Errors without a meaning for the peer are masked. */
export async function outcomeOf(settling: Promise<Result>): Promise<RelayedOutcome> {
  try {
    return { result: (await settling) as JSONObject };
  } catch (thrown) {
    if (isTransportError(thrown)) return { reason: thrown.reason, message: thrown.message };
    const error = isProtocolError(thrown) ? thrown : ProtocolError.from(thrown);
    return { error: error.toWire() as JSONObject, status: error.status };
  }
}

/**
 * Returns the result of an outcome.
 *
 * @throws the error of the outcome
 */
export function resultOf({ result, error, status, reason, message }: RelayedOutcome): Result {
  if (result !== undefined) return result as Result;
  const head = typeof status === "number" ? { status } : undefined;
  const received = ProtocolError.fromWire(error, head);
  throw received ?? new TransportError(reason as TransportErrorReason, String(message));
}
