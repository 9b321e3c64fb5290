import type { ServerResponse } from "node:http";
import { isThenable } from "../../protocol/chain.ts";
import type { ProtocolError } from "../../protocol/errors.ts";
import type { Serve } from "../../protocol/exchange.ts";
import {
  encodeError,
  isRequest,
  type JSONRPCNotification,
  parseMessage,
  type RequestId,
  readId,
} from "../../protocol/json-rpc.ts";
import { requireBounds } from "../../protocol/json-text.ts";
import { isTransportError } from "../../protocol/transport-error.ts";
import { decodeBody, type NodeRequest, readBody } from "./node-body.ts";
import { respond } from "./node-end-early.ts";
import { OpenStreams } from "./node-event-stream.ts";
import { withExample } from "./node-example.ts";
import { NodeExchange, writeJSON } from "./node-exchange.ts";
import type { NodeLegacy } from "./node-legacy.ts";
import type { ExplainedRefusal } from "./node-refusal.ts";
import {
  accepted,
  errorHeaders,
  type HttpRules,
  type ReadHeader,
  type ResponseHeaders,
  tooLarge,
  toProtocolError,
} from "./rules.ts";

/** The parts that all requests to one endpoint share. */
export interface NodeEndpoint {
  readonly rules: HttpRules;
  readonly streams: OpenStreams;
  /** Takes the requests of legacy clients. @default they are refused */
  readonly legacy?: NodeLegacy | undefined;
}

/** Creates an endpoint, for the public handler and for the gateway. */
export function createNodeEndpoint(rules: HttpRules, legacy?: NodeLegacy): NodeEndpoint {
  return { rules, streams: new OpenStreams(rules.keepAliveMs), legacy };
}

/** A request that passed `screenRequest`, with its response. */
export interface ScreenedRequest {
  readonly req: NodeRequest;
  readonly res: ServerResponse;
  readonly header: ReadHeader;
  /** The headers that every response has. */
  readonly cors: ResponseHeaders;
  /** Identifies the caller; called before the body is read. */
  readonly authenticate: HttpRules["authenticate"];
  /** Members that the contexts of requests of legacy clients get, for a gateway. */
  readonly members?: object | undefined;
  /** Returns the response to a notification. @default 202, since no notification changes anything */
  readonly onNotification?: ((notification: JSONRPCNotification) => ExplainedRefusal) | undefined;
}

/**
 * Reads the message of a screened request, serves it and writes the response. The steps and their
 * order are those of the fetch handler.
 *
 * @returns The error that the response carries; undefined for a result, an accepted notification and
 *   a connection that closed first
 */
export async function serveScreened(
  { req, res, header, cors, authenticate, members, onNotification }: ScreenedRequest,
  { rules, streams, legacy }: NodeEndpoint,
  serve: Serve,
): Promise<ProtocolError | undefined> {
  let id: RequestId | undefined;
  let exchange: NodeExchange | undefined;
  let received: unknown;
  try {
    // Checked before the body is read, so that clients without credentials cannot send one.
    const identified = authenticate?.(header);
    const principal = isThenable(identified) ? await identified : identified;
    const body = await readBody(req, rules);
    if (body === undefined) {
      const refusal = tooLarge(rules.maxBodyBytes);
      refuse(res, refusal, cors);
      return refusal.error;
    }
    const decoded = decodeBody(body, rules);
    received = decoded.value;
    id = readId(received);
    requireBounds(decoded);
    if (legacy?.takes(header, received, req.url ?? "")) {
      await legacy.post(received, { req, res, header, cors, streams, principal, members });
      return undefined;
    }
    const message = parseMessage(received);
    if (!isRequest(message)) {
      const response = onNotification?.(message) ?? accepted;
      refuse(res, response, cors);
      return response.error;
    }
    const address = rules.addressOf ? rules.addressOf(header) : req.socket.remoteAddress;
    const options = { header, principal, address, rules, streams, cors };
    exchange = new NodeExchange(message.id, res, options);
    const result = await serve(message, exchange.context);
    exchange.succeed(result);
  } catch (thrown) {
    if (isTransportError(thrown) || res.destroyed) return void res.destroy();
    const plain = toProtocolError(thrown, rules);
    try {
      const error = withExample(plain, { req, header, body: received });
      if (exchange) exchange.fail(error);
      else writeJSON(res, error.status, encodeError(id, error), errorHeaders(error, cors));
      return error;
    } catch (unwritable) {
      // For example, the error has a challenge that is not a valid header.
      rules.onError(unwritable);
      res.destroy();
      return plain;
    }
  }
}

/** Writes the response to a request that is not served. */
export function refuse(
  res: ServerResponse,
  { status, headers, error, json, id, text = "" }: ExplainedRefusal,
  cors: ResponseHeaders,
): void {
  const all = { ...headers, ...cors };
  if (res.destroyed) return;
  if (json !== undefined) return void writeJSON(res, status, json, all);
  if (error) return void writeJSON(res, status, encodeError(id, error), all);
  if (status === 204) return void respond(res, { status, headers: all });
  const length = { "content-length": String(Buffer.byteLength(text)) };
  const type = text === "" ? {} : { "content-type": "text/plain; charset=utf-8", ...nosniff };
  respond(res, { status, headers: { ...length, ...type, ...all }, body: text });
}

const nosniff = { "x-content-type-options": "nosniff" };
