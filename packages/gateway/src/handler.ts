/**
 * Handles the requests to the MCP endpoint of the gateway: reads the head, finds the route, and
 * then refuses the request, forwards its body unread, or reads and serves it.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import {
  explainRefusal,
  headerReader,
  type ReadHeader,
  type Refusal,
  type ResponseHeaders,
  screenRequest,
  serveScreened,
  targetOf,
} from "lutra/internal";
import {
  type JSONRPCRequest,
  type Principal,
  ProtocolError,
  readTraceContext,
  type Serve,
  type TraceContext,
} from "lutra/protocol";
import { legacyMembers } from "./bridge/serve-routed.ts";
import type { Callers } from "./callers.ts";
import type { Forward } from "./delivery/deliver-stream.ts";
import { freeBytes } from "./delivery/response-budget.ts";
import { withChallenge } from "./delivery/response-status.ts";
import type { EndpointTable, HandlerSettings } from "./endpoint-table.ts";
import { createRecord, type ExchangeRecord, recordIn, replicaHeader } from "./exchange-record.ts";
import { unreadHead } from "./head/page-head.ts";
import { readHead } from "./head/read-head.ts";
import { OpenExchanges } from "./open-exchanges.ts";
import {
  notificationRefused,
  notRouted,
  refuse,
  refuseScreened,
  setHeaders,
  starting,
} from "./refuse.ts";
import type { Action, Splice } from "./routes/action.ts";
import { recordDenial } from "./routes/denials.ts";
import type { RoutingPlan } from "./routing-plan.ts";
import { mayBeSpliced, type Prepare, serveSpliced } from "./serve-spliced.ts";
import { signInPath } from "./sign-in/sign-in-path.ts";
import { traceInHeaders } from "./tracing/start-trace.ts";

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
  readonly #exchanges = new OpenExchanges<EndpointTable>();

  constructor(onEnd: OnEnd) {
    this.#onEnd = onEnd;
  }

  /**
   * Applies the settings of all endpoints. Until the first call, requests are refused with 503.
   * Resolves once all exchanges that began under earlier settings have ended.
   */
  use(endpoints: EndpointTable): Promise<void> {
    return this.#exchanges.use(endpoints);
  }

  /** The current endpoints. Undefined until the first call of `use`. */
  get endpoints(): EndpointTable | undefined {
    return this.#exchanges.settings;
  }

  /** Answers a request for any path; those that no endpoint has with 404. */
  readonly handle = (req: IncomingMessage, res: ServerResponse): void => {
    const { endpoints } = this;
    if (endpoints === undefined) return void refuse(req, res, starting());
    const found = endpoints.find(req);
    if (found === undefined) this.#handleOther(req, res, endpoints);
    else this.#handleAt(req, res, found);
  };

  /** Answers a request for a page of sign-ins, or for a path that no endpoint has. */
  #handleOther(req: IncomingMessage, res: ServerResponse, endpoints: EndpointTable): void {
    const record = this.#record(req, res);
    const { peers } = endpoints.all[0] ?? {};
    if (peers) record.head = unreadHead(req, peers);
    const main = endpoints.mainAt(req);
    const page = main?.pages && pageIn(targetOf(req).path, main.path);
    record.reason = page === undefined ? "path" : "sign-in";
    if (page !== undefined) void main?.pages?.handle(req, res, page);
    else res.writeHead(404, { "content-length": 0 }).end();
  }

  /** Answers a request for an endpoint. */
  #handleAt(req: IncomingMessage, res: ServerResponse, settings: HandlerSettings): void {
    const record = this.#record(req, res, settings);
    const header = headerReader(req);
    const { refusal, cors } = screenRequest(req, header, settings.endpoint.rules);
    const handled: HandledRequest = { req, res, record, header, cors, settings };
    if (refusal) {
      answerRefused(refusal, handled);
      return;
    }
    try {
      record.head = readHead(req, settings.peers);
      const { callers, endpoint } = settings;
      if (record.head.version === undefined && endpoint.legacy) void serveUnversioned(handled);
      else if (callers === undefined) route(handled, settings.plan, undefined);
      else void this.#routeIdentified(handled, callers);
    } catch (error) {
      fail(handled, error);
    }
  }

  /** Checks the credentials before any response that depends on the routes. */
  async #routeIdentified(handled: HandledRequest, callers: Callers): Promise<void> {
    try {
      const principal = await callers.identify(handled.header, handled.record.head);
      // No delivery would learn that the client has disconnected in the meantime.
      if (handled.res.destroyed) return;
      // A reload may have replaced the plan in the meantime.
      const { plan } = this.endpoints?.named(handled.settings.name) ?? handled.settings;
      route(handled, plan, principal);
    } catch (error) {
      fail(handled, error);
    }
  }

  /** Creates the record of an exchange and completes it when the response closes. */
  #record(req: IncomingMessage, res: ServerResponse, settings?: HandlerSettings): ExchangeRecord {
    const record = createRecord();
    record.endpoint = settings?.name;
    const { socket } = req;
    const writtenBefore = socket.bytesWritten;
    const term = this.#exchanges.begin();
    // A response closes once. `once` would allocate a wrapper for each request.
    res.on("close", () => {
      record.ms = performance.now() - record.startedAt;
      this.#endTrace(record, req, res);
      if (record.shares !== undefined) for (const share of record.shares) share.release();
      record.bytesOut = socket.bytesWritten - writtenBefore;
      term?.end();
      this.#onEnd(record, req, res);
    });
    return record;
  }

  /** Ends the span of an exchange. One that was refused by its head has none yet. */
  #endTrace(record: ExchangeRecord, req: IncomingMessage, res: ServerResponse): void {
    const startTrace = this.endpoints?.all[0]?.startTrace;
    if (startTrace === undefined) return;
    record.trace ??= startTrace(record, traceInHeaders(headerReader(req)));
    record.trace.end(res.headersSent ? res.statusCode : 0);
  }
}

/** Returns the path of a page of sign-ins below that of all pages; undefined for other paths. */
function pageIn(sent: string, endpoint: string): string | undefined {
  const base = endpoint.replace(/\/$/, "") + signInPath;
  return sent === base || sent.startsWith(`${base}/`) ? sent.slice(base.length) : undefined;
}

function route(handled: HandledRequest, plan: RoutingPlan, principal: Principal | undefined): void {
  const { record } = handled;
  record.principal = principal?.id;
  record.caller = principal;
  perform(findAction(record, plan), handled, principal);
}

/** Finds the action for a request, and records its route. */
function findAction(record: ExchangeRecord, { routes, actions }: RoutingPlan): Action {
  const found = routes.find(record);
  const action = found && actions[found.index]?.(record);
  if (found === undefined || action === undefined) throw notRouted();
  record.route = found.index;
  return action;
}

/** Answers a request that was refused by its head, unless it is one of a legacy session. */
function answerRefused(refusal: Refusal, handled: HandledRequest): void {
  const { req, res, record, header, cors, settings } = handled;
  const { legacy, rules, streams } = settings.endpoint;
  try {
    const parts = { req, res, header, cors, streams };
    if (legacy?.takesMethod(refusal, parts)) {
      void legacy.session({ ...parts, ...legacyParts(handled) });
      return;
    }
  } catch (error) {
    fail(handled, error);
    return;
  }
  record.reason = "screening";
  record.head = unreadHead(req, settings.peers);
  record.code = refusal.error?.code;
  explainRefusal(refusal, req, header)
    .then((explained) => refuseScreened(res, explained, cors))
    .catch((error) => {
      rules.onError(error);
      res.destroy();
    });
}

/**
 * Serves a request without the version of a revision with metadata headers. Only its body tells
 * whether it belongs to a legacy session; if not, it is refused like any request without metadata.
 */
async function serveUnversioned(handled: HandledRequest): Promise<void> {
  const { req, res, record, header, cors, settings } = handled;
  const { plan, endpoint } = settings;
  const onNotification = notificationRefused;
  const screened = { req, res, header, cors, onNotification, ...legacyParts(handled) };
  const error = await serveScreened(screened, endpoint, async (request, context) => {
    const action = findAction(record, plan);
    if (action.kind === "refuse") throw action.error;
    recordIn(context, record);
    record.trace ??= settings.startTrace?.(record, traceOf(request, header));
    return observed(action.serve, settings)(request, context);
  });
  if (error !== undefined) record.code = error.code;
  countUnread(handled);
}

/** Counts the part of a response that the client has not taken in place of what it was made from. */
function countUnread({ res, record, settings }: HandledRequest): void {
  if (record.ms > 0 || (record.shares === undefined && res.writableLength <= freeBytes)) return;
  const [share = settings.responses.share(), ...others] = record.shares ?? [];
  record.shares = [share];
  for (const other of others) other.release();
  share.keep(res);
}

function observed(next: Serve, { observer }: HandlerSettings): Serve {
  return observer === undefined ? next : observer(next);
}

/** Returns the trace context in `_meta`, or else that in the headers. */
function traceOf({ params }: JSONRPCRequest, header: ReadHeader): TraceContext | undefined {
  return readTraceContext(params?._meta) ?? traceInHeaders(header);
}

/** Returns the parts of a request that legacy sessions need beside those of HTTP. */
function legacyParts(handled: HandledRequest) {
  const { req, record, header, settings } = handled;
  const { callers, peers } = settings;
  // The head of a legacy request names no method; those made from it do.
  const sent = readHead(req, peers);
  record.head = sent;
  return {
    authenticate:
      callers &&
      ((read: ReadHeader) => callers.identify(read, { ...sent, httpMethod: req.method })),
    members: legacyMembers({ record, header, sent, complete: completion(handled) }),
  };
}

function perform(action: Action, handled: HandledRequest, principal: Principal | undefined): void {
  const { req, res, record, header, cors, settings } = handled;
  if (action.kind === "refuse") {
    if (action.denial !== undefined) recordDenial(record, action.denial);
    throw action.error;
  }
  if (action.kind === "serve") {
    if (action.known !== undefined) routeOnceKnown(action.known, handled, principal);
    else performServe(action, handled, principal);
    return;
  }
  setHeaders(res, cors);
  record.trace = settings.startTrace?.(record, traceInHeaders(header));
  const { head } = record;
  const { shadow } = action;
  const complete = completion(handled);
  action.forward({ req, res, head, record, principal, shadow, complete, refuse: refuseForward });
}

/** Chooses again. Until then, the body is not read, so that a large response need not be parsed. */
function routeOnceKnown(
  known: Promise<void>,
  handled: HandledRequest,
  principal: Principal | undefined,
): void {
  void known.then(() => {
    if (handled.res.destroyed) return;
    try {
      route(handled, handled.settings.plan, principal);
    } catch (error) {
      fail(handled, error);
    }
  });
}

/** Serves a request parsed, or forwards it with the name at its upstream. */
function performServe(
  action: Action & { readonly kind: "serve" },
  handled: HandledRequest,
  principal: Principal | undefined,
): void {
  const { req, res, record, header, cors } = handled;
  const splice = findSplice(action, handled, principal);
  const serveParsed = (prepare?: Prepare) => serve(action.serve, handled, { principal, prepare });
  if (splice === undefined) void serveParsed();
  else serveSpliced({ req, res, record, header, cors, principal, splice, serve: serveParsed });
}

/** Returns the way to forward a request with another name. A trace may be in its body. */
function findSplice(
  { splice }: Action & { readonly kind: "serve" },
  { req, record, header, settings }: HandledRequest,
  principal: Principal | undefined,
): Splice | undefined {
  const { startTrace, endpoint } = settings;
  if (splice === undefined || startTrace !== undefined) return undefined;
  return mayBeSpliced(req, endpoint.rules) ? splice({ record, header, principal }) : undefined;
}

/**
 * Returns the function that adds to a challenge of an upstream where clients get a token for this
 * gateway. An upstream that trusts the gateway does not know that.
 */
function completion({ header, settings }: HandledRequest): Forward["complete"] {
  const { resource } = settings.endpoint.rules;
  return resource && ((challenge) => resource.complete(withoutMetadata(challenge), header));
}

/**
 * Renames the member with which an upstream would send the clients of the gateway to an authorization
 * server of its own. Clients ignore members that they do not know.
 */
function withoutMetadata(challenge: string): string {
  return challenge.replace(/resource_metadata(?=\s*=)/gi, "upstream_metadata");
}

interface Serving {
  readonly principal: Principal | undefined;
  readonly prepare?: Prepare | undefined;
}

/** Reads a request and serves it with a route's `Serve`. */
async function serve(
  next: Serve,
  handled: HandledRequest,
  { principal, prepare }: Serving,
): Promise<void> {
  const { req, res, record, header, cors, settings } = handled;
  const authenticate = principal && (() => principal);
  const onNotification = notificationRefused;
  const screened = { req, res, header, cors, authenticate, onNotification };
  const error = await serveScreened(screened, settings.endpoint, async (request, context) => {
    recordIn(context, record);
    prepare?.(context);
    record.trace = settings.startTrace?.(record, traceOf(request, header));
    try {
      const result = await observed(next, settings)(request, context);
      if (record.replica !== undefined && !res.headersSent) {
        res.setHeader(replicaHeader, record.replica);
      }
      return result;
    } catch (thrown) {
      throw withChallenge(thrown, completion(handled));
    }
  });
  if (error !== undefined) record.code = error.code;
  countUnread(handled);
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
