import type { IncomingMessage, ServerResponse } from "node:http";
import type { ProtocolError } from "../../protocol/errors.ts";
import type { Serve } from "../../protocol/exchange.ts";
import {
  encodeError,
  isRequest,
  parseMessage,
  type RequestId,
  readId,
} from "../../protocol/json-rpc.ts";
import { requireBounds } from "../../protocol/json-text.ts";
import { isTransportError } from "../../protocol/transport-error.ts";
import { decodeBody, readBody } from "./node-body.ts";
import { respond } from "./node-end-early.ts";
import { OpenStreams } from "./node-event-stream.ts";
import { NodeExchange, writeJSON } from "./node-exchange.ts";
import { parseJSON } from "./read-message.ts";
import {
  accepted,
  errorHeaders,
  type HttpRules,
  type ReadHeader,
  type Refusal,
  type ResponseHeaders,
  tooLarge,
  toProtocolError,
} from "./rules.ts";

/** The parts that all requests to one endpoint share. */
export interface NodeEndpoint {
  readonly rules: HttpRules;
  readonly streams: OpenStreams;
}

/** Creates an endpoint, for the public handler and for the gateway. */
export function createNodeEndpoint(rules: HttpRules): NodeEndpoint {
  return { rules, streams: new OpenStreams(rules.keepAliveMs) };
}

/** A request that passed `screenRequest`, with its response. */
export interface ScreenedRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly header: ReadHeader;
  /** The headers that every response has. */
  readonly cors: ResponseHeaders;
  /** Identifies the caller; called before the body is read. */
  readonly authenticate: HttpRules["authenticate"];
}

/**
 * Reads the message of a screened request, serves it and writes the response. The steps and their
 * order are those of the fetch handler.
 *
 * @returns The error that the response carries; undefined for a result, a notification and a
 *   connection that closed first
 */
export async function serveScreened(
  { req, res, header, cors, authenticate }: ScreenedRequest,
  { rules, streams }: NodeEndpoint,
  serve: Serve,
): Promise<ProtocolError | undefined> {
  let id: RequestId | undefined;
  let exchange: NodeExchange | undefined;
  try {
    // The credentials come before the body, so that no client without them can send one.
    const principal = authenticate && (await authenticate(header));
    const body = await readBody(req, rules.maxBodyBytes);
    if (body === undefined) {
      const refusal = tooLarge(rules.maxBodyBytes);
      refuse(res, refusal, cors);
      return refusal.error;
    }
    const decoded = parseJSON(decodeBody(body), rules.maxBodyValues);
    id = readId(decoded.value);
    requireBounds(decoded);
    const message = parseMessage(decoded.value);
    if (!isRequest(message)) return void refuse(res, accepted, cors);
    const address = rules.addressOf ? rules.addressOf(header) : req.socket.remoteAddress;
    const caller = { header, principal, address };
    exchange = new NodeExchange(message.id, res, { ...caller, rules, streams, cors });
    const result = await serve(message, exchange.context);
    exchange.succeed(result);
  } catch (thrown) {
    if (isTransportError(thrown) || res.destroyed) return void res.destroy();
    const error = toProtocolError(thrown, rules);
    try {
      if (exchange) exchange.fail(error);
      else writeJSON(res, error.status, encodeError(id, error), errorHeaders(error, cors));
    } catch (unwritable) {
      // For example, the error has a challenge that is not a valid header.
      rules.onError(unwritable);
      res.destroy();
    }
    return error;
  }
}

/** Writes the response to a request that is not served. */
export function refuse(
  res: ServerResponse,
  { status, headers, error }: Refusal,
  cors: ResponseHeaders,
): void {
  const all = { ...headers, ...cors };
  if (error) writeJSON(res, status, encodeError(undefined, error), all);
  else respond(res, { status, headers: status === 204 ? all : { "content-length": "0", ...all } });
}
