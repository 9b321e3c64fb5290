/**
 * Handles the requests to the MCP endpoint of the gateway: reads the head, finds the route, and
 * then refuses the request, forwards its body unread, or reads and serves it.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import {
  headerReader,
  type NodeEndpoint,
  type ReadHeader,
  type ResponseHeaders,
  screenRequest,
  serveScreened,
} from "lutra/internal";
import { type Principal, ProtocolError, type Serve } from "lutra/protocol";
import type { Callers } from "./callers.ts";
import type { Forward } from "./delivery/deliver-stream.ts";
import { createRecord, type ExchangeRecord, recordIn, replicaHeader } from "./exchange-record.ts";
import type { Peers } from "./head/peers.ts";
import { readHead } from "./head/read-head.ts";
import { notRouted, refuse, refuseScreened, setHeaders, starting } from "./refuse.ts";
import type { Action } from "./routes/action.ts";
import { recordDenial } from "./routes/denials.ts";
import type { RoutingPlan } from "./routing-plan.ts";

/** The part of the configuration that requests depend on; a reload replaces it as a whole. */
export interface HandlerSettings {
  readonly endpoint: NodeEndpoint;
  readonly peers: Peers;
  /** Absent when the gateway verifies no callers. */
  readonly callers?: Callers | undefined;
  readonly plan: RoutingPlan;
}

/** Called once when an exchange has ended. */
export type OnEnd = (record: ExchangeRecord, req: IncomingMessage, res: ServerResponse) => void;

/** A request that is being handled. */
interface HandledRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly record: ExchangeRecord;
  readonly header: ReadHeader;
  readonly cors: ResponseHeaders;
  readonly settings: HandlerSettings;
}

export class RequestHandler {
  readonly #onEnd: OnEnd;
  #settings: HandlerSettings | undefined;

  constructor(onEnd: OnEnd) {
    this.#onEnd = onEnd;
  }

  /** Applies settings. Until the first call, requests are refused with 503. */
  use(settings: HandlerSettings): void {
    this.#settings = settings;
  }

  /** Answers a request; the listener for `node:http`. */
  readonly handle = (req: IncomingMessage, res: ServerResponse): void => {
    const settings = this.#settings;
    if (settings === undefined) return void refuse(req, res, starting());
    const record = this.#record(req, res);
    const header = headerReader(req);
    const { refusal, cors } = screenRequest(req, header, settings.endpoint.rules);
    if (refusal) {
      record.reason = "screening";
      record.code = refusal.error?.code;
      refuseScreened(res, refusal, cors);
      return;
    }
    const handled: HandledRequest = { req, res, record, header, cors, settings };
    try {
      record.head = readHead(req, settings.peers);
      const { callers } = settings;
      if (callers === undefined) route(handled, settings.plan, undefined);
      else void this.#routeIdentified(handled, callers);
    } catch (error) {
      fail(handled, error);
    }
  };

  /** Checks the credentials before any response that depends on the routes. */
  async #routeIdentified(handled: HandledRequest, callers: Callers): Promise<void> {
    try {
      const principal = await callers.identify(handled.header, handled.record.head);
      // A reload may have replaced the plan in the meantime.
      const { plan } = this.#settings ?? handled.settings;
      route(handled, plan, principal);
    } catch (error) {
      fail(handled, error);
    }
  }

  /** Creates the record of an exchange and completes it when the response closes. */
  #record(req: IncomingMessage, res: ServerResponse): ExchangeRecord {
    const record = createRecord();
    const { socket } = req;
    const writtenBefore = socket.bytesWritten;
    // A response closes once. `once` would allocate a wrapper for each request.
    res.on("close", () => {
      record.ms = performance.now() - record.startedAt;
      record.bytesOut = socket.bytesWritten - writtenBefore;
      this.#onEnd(record, req, res);
    });
    return record;
  }
}

function route(
  handled: HandledRequest,
  { routes, actions }: RoutingPlan,
  principal: Principal | undefined,
): void {
  const { record } = handled;
  record.principal = principal?.id;
  const found = routes.find(record);
  const action = found && actions[found.index]?.(record);
  if (found === undefined || action === undefined) throw notRouted();
  record.route = found.index;
  perform(action, handled, principal);
}

function perform(action: Action, handled: HandledRequest, principal: Principal | undefined): void {
  const { req, res, record, cors } = handled;
  if (action.kind === "refuse") {
    if (action.denial !== undefined) recordDenial(record, action.denial);
    throw action.error;
  }
  if (action.kind === "serve") return void serve(action.serve, handled, principal);
  setHeaders(res, cors);
  const { head } = record;
  const { shadow } = action;
  action.forward({ req, res, head, record, principal, shadow, refuse: refuseForward });
}

/** Reads a request and serves it with a route's `Serve`. */
async function serve(
  next: Serve,
  { req, res, record, header, cors, settings }: HandledRequest,
  principal: Principal | undefined,
): Promise<void> {
  const authenticate = principal && (() => principal);
  const screened = { req, res, header, cors, authenticate };
  const error = await serveScreened(screened, settings.endpoint, async (request, context) => {
    recordIn(context, record);
    const result = await next(request, context);
    if (record.replica !== undefined && !res.headersSent) {
      res.setHeader(replicaHeader, record.replica);
    }
    return result;
  });
  if (error !== undefined) record.code = error.code;
}

/** Answers a forwarded request in place of its upstream. */
function refuseForward(
  { req, res, record }: Forward,
  error: ProtocolError,
  body?: Buffer | null,
): void {
  record.code = error.code;
  void refuse(req, res, error, body);
}

/** Answers a request that was neither forwarded nor served. */
function fail({ req, res, record, cors, settings }: HandledRequest, thrown: unknown): void {
  const error = ProtocolError.from(thrown);
  if (error !== thrown) settings.endpoint.rules.onError(thrown);
  record.code = error.code;
  setHeaders(res, cors);
  void refuse(req, res, error);
}
