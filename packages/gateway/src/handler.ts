/**
 * The way of a request through the gateway: its head is read, a route found, and then it is passed
 * on unread, or read and answered.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpRules, Refusal, Screening } from "lutra/internal";
import { createNodeHandler, type NodeHandler } from "lutra/node";
import { type Principal, ProtocolError, type Serve } from "lutra/protocol";
import type { Forward } from "./delivery/deliver-stream.ts";
import { type ExchangeRecord, recordIn, replicaHeader } from "./exchange-record.ts";
import type { Head } from "./head/head.ts";
import type { Peers } from "./head/peers.ts";
import { readHead } from "./head/read-head.ts";
import { screenRequest } from "./head/screening.ts";
import { denied, notRouted, refuse, refuseScreened } from "./refuse.ts";
import type { Way } from "./routes/actions.ts";
import type { Caller } from "./routes/match.ts";

/** Finds out who calls, from the head alone. Rejects with the `ProtocolError` that refuses. */
export type Authenticate = (head: Head) => Principal | undefined | Promise<Principal | undefined>;

/** Where a request goes. */
export interface Decision {
  /** The route's place in the configuration. */
  readonly route: number;
  readonly way: Way;
}

export interface HandlerOptions {
  readonly rules: HttpRules;
  /** Says which proxies are believed. */
  readonly peers: Peers;
  /** Decides by the routes that are in force. */
  readonly decide: (caller: Caller) => Decision | undefined;
  readonly authenticate?: Authenticate | undefined;
  /** Hears of every exchange when it is over. */
  readonly onEnd: (record: ExchangeRecord, req: IncomingMessage, res: ServerResponse) => void;
}

type Handler = (req: IncomingMessage, res: ServerResponse) => void;

/** Answers every request in one way or another. */
export function createHandler(options: HandlerOptions): Handler {
  const { rules, peers, authenticate, onEnd } = options;
  const read = createNodeHandler({ serve: neverAsked }, rules);
  return (req, res) => {
    const record = createRecord();
    const { socket } = req;
    const writtenBefore = socket.bytesWritten;
    // It closes once. `once` would make an object more for it.
    res.on("close", () => {
      record.ms = performance.now() - record.startedAt;
      record.bytesOut = socket.bytesWritten - writtenBefore;
      onEnd(record, req, res);
    });
    const screening = screenRequest(req, rules);
    const exchange: Exchange = { req, res, record, read, options, screening };
    if (screening.refusal) return refuseEarly(exchange, screening.refusal);
    try {
      record.head = readHead(req, peers);
      if (authenticate === undefined) return route(exchange, undefined);
    } catch (error) {
      return fail(exchange, error);
    }
    // The credentials are checked before anything is told about routes.
    void (async () => route(exchange, await authenticate(record.head)))().catch((error: unknown) =>
      fail(exchange, error),
    );
  };
}

interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly record: ExchangeRecord;
  readonly read: NodeHandler;
  readonly options: HandlerOptions;
  readonly screening: Screening;
}

function route(exchange: Exchange, principal: Principal | undefined): void {
  const { record, options } = exchange;
  record.principal = principal?.id;
  const decision = options.decide({ head: record.head, principal: principal?.id });
  if (decision === undefined) throw notRouted();
  record.route = decision.route;
  follow(decision.way, exchange, principal);
}

function follow(way: Way, exchange: Exchange, principal: Principal | undefined): void {
  const { req, res, record, read, screening } = exchange;
  if (way.kind === "deny") {
    record.reason = "deny";
    throw denied(way.reason);
  }
  if (way.kind === "read") {
    const serve = recorded(way.serve, record);
    const onAnswer = (error: ProtocolError | undefined) => noteAnswer(record, res, error);
    void read(req, res, { serve, principal, screening, onAnswer });
    return;
  }
  setHeaders(res, screening.cors);
  const { head } = record;
  way.forward({ req, res, head, record, shadow: way.shadow?.copy, refuse: refuseForward });
}

function recorded(serve: Serve, record: ExchangeRecord): Serve {
  return (request, context) => {
    recordIn(context, record);
    return serve(request, context);
  };
}

/** Notes what came of a request that was read, and says who answered it. */
function noteAnswer(record: ExchangeRecord, res: ServerResponse, error?: ProtocolError): void {
  if (error !== undefined) record.code = error.code;
  else if (record.replica !== undefined && !res.headersSent) {
    res.setHeader(replicaHeader, record.replica);
  }
}

function refuseForward(
  { req, res, record }: Forward,
  error: ProtocolError,
  body?: Buffer | null,
): void {
  record.code = error.code;
  void refuse(req, res, error, body);
}

function refuseEarly({ res, record, screening }: Exchange, refusal: Refusal): void {
  record.reason = "screening";
  record.code = refusal.error?.code;
  setHeaders(res, screening.cors);
  refuseScreened(res, refusal);
}

function fail({ req, res, record, options, screening }: Exchange, thrown: unknown): void {
  const error = ProtocolError.from(thrown);
  if (error !== thrown) options.rules.onError(thrown);
  record.code = error.code;
  setHeaders(res, screening.cors);
  void refuse(req, res, error);
}

function setHeaders(res: ServerResponse, headers: Screening["cors"]): void {
  for (const name in headers) res.setHeader(name, headers[name] as string);
}

function createRecord(): ExchangeRecord {
  return {
    startedAt: performance.now(),
    ms: 0,
    head: unread,
    principal: undefined,
    route: -1,
    upstream: undefined,
    replica: undefined,
    attempts: 0,
    code: undefined,
    cache: undefined,
    upstreamMs: undefined,
    bytesOut: 0,
    reason: undefined,
  };
}

/** Stands for the head of a request that was refused before it was read. */
const unread: Head = {
  version: undefined,
  method: undefined,
  name: undefined,
  param: () => undefined,
  headers: [],
  address: "",
};

const neverAsked: Serve = async () => {
  throw new TypeError("every request brings its serve");
};
