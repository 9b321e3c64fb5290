/**
 * The meaning of the HTTP status of an upstream's response, for the health of its replica and for
 * the client. The client gets the challenge of a 401, because it cannot sign in without it.
 *
 * @spec basic/authorization/index#error-handling
 */
import { isJSON, parseRetryAfter } from "lutra/internal";
import { type ErrorHead, isProtocolError, isTransportError, ProtocolError } from "lutra/protocol";

/** The part of a response's head that is sent to the client with an error. */
export interface AnswerHead extends ErrorHead {
  readonly status: number;
}

export type ResponseHeaders = { readonly [name: string]: string | string[] | undefined };

/**
 * Returns the fault of a replica whose response shows that its server is unavailable. Statuses 502,
 * 503 and 504 come from a load balancer or a platform in front of a server that does not answer.
 * With a JSON body they are the MCP server's own response to one request, so the server is
 * available. Other statuses are not a fault: the request itself may cause a 500.
 */
export function faultOf(status: number, contentType: string | undefined): string | undefined {
  if (status !== 502 && status !== 503 && status !== 504) return undefined;
  return isJSON(contentType) ? undefined : `HTTP status ${status}`;
}

/** Returns true for the statuses whose responses have a challenge. */
export function isChallenged(status: number): boolean {
  return status === 401 || status === 403;
}

/** Statuses that carry more information than the JSON-RPC code in the body. */
const informative: ReadonlySet<number> = new Set([401, 403, 429, 503]);

/** Reads the challenge and the retry time. Returns `undefined` for a status that has neither. */
export function readErrorHead(status: number, headers: ResponseHeaders): AnswerHead | undefined {
  if (!informative.has(status)) return undefined;
  const challenge = textOf(headers["www-authenticate"]);
  // A challenge with other characters cannot be sent in a header, so it is dropped.
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

/** Returns the error for the client, or `undefined` if the head does not determine it. */
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
      return new ProtocolError("invalidRequest", "The upstream requires credentials", options);
    case 403:
      return new ProtocolError("invalidRequest", "The upstream rejected the credentials", options);
    case 429:
      return new ProtocolError("internalError", "Too many requests", options);
    default:
      // A 503 without a JSON-RPC error comes from a load balancer, not from the server.
      return undefined;
  }
}

/** Returns the error with its challenge completed, and any other one unchanged. */
export function withChallenge(
  thrown: unknown,
  complete: ((challenge: string) => string) | undefined,
): unknown {
  if (complete === undefined || !isProtocolError(thrown)) return thrown;
  const { status, retryAfterMs, challenge } = thrown;
  if (challenge === undefined) return thrown;
  const head = { status, retryAfterMs, challenge: complete(challenge) };
  return ProtocolError.fromWire(thrown.toWire(), head) ?? thrown;
}

/** Returns the value of a header. Several values are joined with commas. */
export function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(", ") : header;
}
