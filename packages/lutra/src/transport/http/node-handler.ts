/**
 * The native handler for `node:http`: no `Request`, no `Response`.
 *
 * @spec basic/transports/streamable-http
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { ProtocolError } from "../../protocol/errors.ts";
import type { Principal, Serve } from "../../protocol/exchange.ts";
import { mismatch } from "../../protocol/http-headers.ts";
import {
  encodeError,
  isRequest,
  parseMessage,
  type RequestId,
  readId,
} from "../../protocol/json-rpc.ts";
import { isTransportError } from "../../protocol/transport-error.ts";
import { decodeBody, readBody } from "./node-body.ts";
import { endEarly } from "./node-end-early.ts";
import { OpenStreams } from "./node-event-stream.ts";
import { NodeExchange, writeJSON } from "./node-exchange.ts";
import { parseJSON } from "./read-message.ts";
import {
  errorHeaders,
  type HttpHandlerOptions,
  type HttpHead,
  type HttpRules,
  type ReadHeader,
  type Refusal,
  type Screening,
  screen,
  tooLarge,
  toProtocolError,
  withDefaults,
} from "./rules.ts";

/** Answers one HTTP request; the promise resolves when the answer is written. */
export type NodeHandler = (
  req: IncomingMessage,
  res: ServerResponse,
  instead?: NodeHandlerOverride,
) => Promise<void>;

/** For those who find out from the headers who answers, and for whom. */
export interface NodeHandlerOverride {
  /** Answers in place of the handler's server. */
  readonly serve: Serve;
  /** Who calls; `authenticate` is not asked. */
  readonly principal?: Principal | undefined;
  /** What `screen` said, when it was asked before. */
  readonly screening?: Screening | undefined;
  /**
   * Hears of the answer before its head is written, unless notifications went before it: with the
   * error that it carries, if it does. Connections that break off and notifications have no answer.
   */
  readonly onAnswer?: ((error: ProtocolError | undefined) => void) | undefined;
}

/**
 * Serves the MCP endpoint from `node:http`. Mount it on the path of your choice.
 *
 * @example
 * ```ts
 * http.createServer(createNodeHandler(server)).listen(3000, "127.0.0.1");
 * ```
 */
export function createNodeHandler(
  server: { readonly serve: Serve },
  options: HttpHandlerOptions = {},
): NodeHandler {
  const rules = withDefaults(options);
  const streams = new OpenStreams(rules.keepAliveMs);
  const handling: Handling = { serve: server.serve, rules, streams };
  return (req, res, instead) => handle(req, res, handling, instead);
}

interface Handling {
  readonly serve: Serve;
  readonly rules: HttpRules;
  readonly streams: OpenStreams;
}

async function handle(
  req: IncomingMessage,
  res: ServerResponse,
  { serve, rules, streams }: Handling,
  instead: NodeHandlerOverride | undefined,
): Promise<void> {
  const header = headerReader(req);
  const { refusal, cors } = instead?.screening ?? screenRequest(req, header, rules);
  if (refusal) return refuse(res, refusal, cors);
  let id: RequestId | undefined;
  let exchange: NodeExchange | undefined;
  try {
    const body = await readBody(req, rules.maxBodyBytes);
    if (body === undefined) {
      const refusal = tooLarge(rules.maxBodyBytes);
      instead?.onAnswer?.(refusal.error);
      return refuseBody(res, refusal, cors);
    }
    const value = parseJSON(decodeBody(body));
    id = readId(value);
    const message = parseMessage(value);
    // The revision defines no notification from client to server over HTTP; all are accepted.
    if (!isRequest(message)) return refuse(res, { status: 202 }, cors);
    const principal = instead
      ? instead.principal
      : rules.authenticate && (await rules.authenticate(header));
    exchange = new NodeExchange(message.id, res, { header, principal, rules, streams, cors });
    const result = await (instead?.serve ?? serve)(message, exchange.context);
    instead?.onAnswer?.(undefined);
    exchange.succeed(result);
  } catch (thrown) {
    if (isTransportError(thrown) || res.destroyed) return void res.destroy();
    const error = toProtocolError(thrown, rules);
    instead?.onAnswer?.(error);
    if (exchange) exchange.fail(error);
    else fail(res, id, error, cors);
  }
}

function screenRequest(req: IncomingMessage, header: ReadHeader, rules: HttpRules): Screening {
  if (sentTimes(req.rawHeaders, "host") > 1) return { refusal: severalHosts(), cors: {} };
  return screen(headOf(req, header), rules);
}

function headOf(req: IncomingMessage, header: ReadHeader): HttpHead {
  const { method = "", headers } = req;
  return { method, host: headers.host ?? "", header, isLocal: () => isLocal(req) };
}

function fail(
  res: ServerResponse,
  id: RequestId | undefined,
  error: ProtocolError,
  cors: { readonly [name: string]: string },
): void {
  writeJSON(res, error.status, encodeError(id, error), errorHeaders(error, cors));
}

function refuse(
  res: ServerResponse,
  { status, headers, error }: Refusal,
  cors: { readonly [name: string]: string },
): void {
  const all = { ...headers, ...cors };
  if (error) writeJSON(res, status, encodeError(undefined, error), all);
  else if (status === 204) res.writeHead(status, all).end();
  else res.writeHead(status, { "content-length": 0, ...all }).end();
}

/** Refuses a body that goes on beyond the limit. */
function refuseBody(
  res: ServerResponse,
  { status, headers, error }: Required<Refusal>,
  cors: { readonly [name: string]: string },
): void {
  const body = encodeError(undefined, error);
  const length = Buffer.byteLength(body);
  const type = { "content-type": "application/json", "content-length": length };
  res.writeHead(status, { ...type, ...headers, ...cors });
  res.write(body);
  endEarly(res);
}

/**
 * Node joins a header that was sent twice, so that two values could pass for one with a comma.
 */
function headerReader(req: IncomingMessage): ReadHeader {
  const { headers } = req;
  return (name) => {
    const value = headers[name];
    if (value === undefined || typeof value !== "string") return value?.join(", ");
    if (name.startsWith("mcp-") && value.includes(", ")) requireOnce(req.rawHeaders, name);
    return value;
  };
}

function requireOnce(rawHeaders: readonly string[], name: string): void {
  if (sentTimes(rawHeaders, name) > 1) throw mismatch(`${name}: sent more than once`);
}

/** How often a header was sent, which Node's own object does not say. */
export function sentTimes(rawHeaders: readonly string[], name: string): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const sent = rawHeaders[index] as string;
    if (sent.length === name.length && sent.toLowerCase() === name) count += 1;
  }
  return count;
}

/** RFC 9112 wants 400 for it: two readers could take two different hosts. */
export function severalHosts(): Required<Pick<Refusal, "status" | "error">> {
  const error = new ProtocolError("invalidRequest", "Host: sent more than once");
  return { status: error.status, error };
}

function isLocal({ socket }: IncomingMessage): boolean {
  const address = socket.localAddress ?? "";
  return address === "::1" || address.startsWith("127.") || address.startsWith("::ffff:127.");
}
