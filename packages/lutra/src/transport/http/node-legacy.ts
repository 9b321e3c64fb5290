/** Requests of legacy clients on `node:http`. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Principal } from "../../protocol/exchange.ts";
import { encodeError } from "../../protocol/json-rpc.ts";
import {
  type EventSink,
  type LegacyExchange,
  LegacyHook,
  type LegacyResponse,
  type LegacyServed,
  type LegacySupport,
} from "./legacy-hook.ts";
import { respond } from "./node-end-early.ts";
import { NodeEventStream, type OpenStreams } from "./node-event-stream.ts";
import { writeJSON } from "./node-exchange.ts";
import {
  errorHeaders,
  type HttpRules,
  type ReadHeader,
  type Refusal,
  type ResponseHeaders,
  toProtocolError,
} from "./rules.ts";

/** One request of a legacy client, with its response. */
interface LegacyRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly header: ReadHeader;
  readonly cors: ResponseHeaders;
  readonly streams: OpenStreams;
  /** Members that the contexts of all requests get, for a gateway. */
  readonly members?: object | undefined;
}

/** A GET or DELETE of a session. */
interface SessionRequest extends LegacyRequest {
  /** Identifies the caller. */
  readonly authenticate: HttpRules["authenticate"];
}

/** The requests of legacy clients at one endpoint. */
export interface NodeLegacy {
  /** Returns true for a posted message of a legacy client. */
  readonly takes: (header: ReadHeader, received: unknown, target: string) => boolean;
  /** Answers a POST that it takes. */
  readonly post: (
    received: unknown,
    request: LegacyRequest & { readonly principal: Principal | undefined },
  ) => Promise<void>;
  /** Returns true for a GET or DELETE of a session, for which `refusal` would be the answer. */
  readonly takesMethod: (refusal: Refusal, request: LegacyRequest) => boolean;
  /** Answers such a request. */
  readonly session: (request: SessionRequest) => Promise<void>;
}

/** Creates the part of an endpoint that serves legacy clients. */
export function createNodeLegacy(
  server: LegacyServed,
  rules: HttpRules,
  support: LegacySupport,
): NodeLegacy {
  const legacy = new LegacyHook(server, rules, support);

  async function answerSession(request: SessionRequest): Promise<void> {
    const { req, res, header, cors, authenticate } = request;
    try {
      const principal = authenticate && (await authenticate(header, { httpMethod: req.method }));
      const endpoint = await legacy.endpoint();
      const exchange = new NodeLegacyExchange(request, rules, principal);
      await (req.method === "GET" ? endpoint.get(exchange) : endpoint.delete(exchange));
    } catch (thrown) {
      const error = toProtocolError(thrown, rules);
      writeJSON(res, error.status, encodeError(undefined, error), errorHeaders(error, cors));
    }
  }

  return {
    takes: (header, received, target) => legacy.takes(header, received, target),
    post: async (received, request) => {
      const endpoint = await legacy.endpoint();
      const exchange = new NodeLegacyExchange(request, rules, request.principal);
      await endpoint.post(received, exchange);
    },
    takesMethod: ({ status }, { req, header }) =>
      status === 405 && legacy.takesMethod(req.method, header),
    session: answerSession,
  };
}

/** The head of a request, and the functions that respond to it. */
class NodeLegacyExchange implements LegacyExchange {
  readonly header: ReadHeader;
  readonly principal: Principal | undefined;
  readonly members: object | undefined;
  readonly address: string | undefined;
  readonly #request: LegacyRequest;
  readonly #rules: HttpRules;

  constructor(request: LegacyRequest, rules: HttpRules, principal: Principal | undefined) {
    const { header, req, members } = request;
    this.header = header;
    this.principal = principal;
    this.members = members;
    this.address = rules.addressOf ? rules.addressOf(header) : req.socket.remoteAddress;
    this.#request = request;
    this.#rules = rules;
  }

  get target(): string {
    return originalTarget(this.#request.req);
  }

  isGone(): boolean {
    const { res } = this.#request;
    return res.destroyed && !res.writableFinished;
  }

  respond({ status, headers, json }: LegacyResponse): void {
    const { res, cors } = this.#request;
    if (res.destroyed) return;
    const all = headers === undefined ? cors : { ...headers, ...cors };
    if (json !== undefined) writeJSON(res, status, json, all);
    else
      respond(res, { status, headers: status === 204 ? all : { "content-length": "0", ...all } });
  }

  stream(onClose: (isComplete: boolean) => void): EventSink {
    const { res, cors, streams } = this.#request;
    const stream = new NodeEventStream(res, streams, this.#rules.maxBufferedBytes);
    afterClose(res, () => onClose(res.writableFinished));
    stream.start(cors);
    // The first event may come late, and clients wait for the head.
    res.flushHeaders();
    return { write: (text) => stream.sendText(text), end: () => void res.end() };
  }

  onGone(callback: () => void): void {
    const { res } = this.#request;
    afterClose(res, () => {
      if (!res.writableFinished) callback();
    });
  }
}

/** Returns the path and the query of a request. Frameworks that mount a handler shorten `url`. */
function originalTarget(req: IncomingMessage & { readonly originalUrl?: unknown }): string {
  const { originalUrl, url = "" } = req;
  return typeof originalUrl === "string" ? originalUrl : url;
}

/** Calls a function when the response has closed, or soon if it has closed already. */
function afterClose(res: ServerResponse, callback: () => void): void {
  if (res.destroyed) queueMicrotask(callback);
  else res.once("close", callback);
}
