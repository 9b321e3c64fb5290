/**
 * What an upstream says to its client by the HTTP status: who may ask, and how often. A client that
 * does not hear it would never sign in.
 *
 * @spec basic/authorization/index#error-handling
 */
import { parseRetryAfter } from "lutra/internal";
import { type ErrorHead, isProtocolError, isTransportError, ProtocolError } from "lutra/protocol";

export interface AnswerHead extends ErrorHead {
  readonly status: number;
}

type Headers = { readonly [name: string]: string | string[] | undefined };

/** Statuses that say more than the JSON-RPC code beside them. */
const telling: ReadonlySet<number> = new Set([401, 403, 429, 503]);

/** Reads what a response says beside its body; `undefined` where that is nothing of interest. */
export function readErrorHead(status: number, headers: Headers): AnswerHead | undefined {
  if (!telling.has(status)) return undefined;
  const challenge = textOf(headers["www-authenticate"]);
  // What a header can't carry once more is no challenge that anybody understands.
  const isPlain = challenge !== undefined && /^[\t\x20-\x7e]+$/.test(challenge);
  const retryAfterMs = parseRetryAfter(textOf(headers["retry-after"]), {
    date: textOf(headers.date),
  });
  return {
    status,
    ...(isPlain && { challenge }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

/** The error for the client, where the head of the answer decides it. */
export function refusalBy(
  upstream: string,
  head: AnswerHead | undefined,
  error: unknown,
): ProtocolError | undefined {
  if (head === undefined) return undefined;
  if (isProtocolError(error)) return ProtocolError.fromWire(error.toWire(), head);
  if (!isTransportError(error) || error.reason !== "http") return undefined;
  const options = { ...head, data: { upstream }, cause: error };
  switch (head.status) {
    case 401:
      return new ProtocolError("invalidRequest", "The upstream asks for credentials", options);
    case 403:
      return new ProtocolError("invalidRequest", "The upstream refuses the credentials", options);
    case 429:
      return new ProtocolError("internalError", "Too many requests", options);
    default:
      // Without a word of the server itself, whatever stands before it is out of order.
      return undefined;
  }
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(", ") : header;
}
