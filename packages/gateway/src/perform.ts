/** Routes a request to an endpoint, and performs the action of its route. */
import { serveScreened } from "lutra/internal";
import type { Principal, ProtocolError, Serve } from "lutra/protocol";
import type { Forward } from "./delivery/deliver-stream.ts";
import { withChallenge } from "./delivery/response-status.ts";
import { recordIn, replicaHeader } from "./exchange-record.ts";
import {
  completion,
  countUnread,
  fail,
  findAction,
  type HandledRequest,
  observed,
  traceOf,
} from "./handled-request.ts";
import { notificationRefused, refuse, setHeaders } from "./refuse.ts";
import type { Action, Splice } from "./routes/action.ts";
import { recordDenial } from "./routes/denials.ts";
import type { RoutingPlan } from "./routing-plan.ts";
import { mayBeSpliced, type Prepare, serveSpliced } from "./serve-spliced.ts";
import { traceInHeaders } from "./tracing/start-trace.ts";

export function route(
  handled: HandledRequest,
  plan: RoutingPlan,
  principal: Principal | undefined,
): void {
  const { record } = handled;
  record.principal = principal?.id;
  record.caller = principal;
  perform(findAction(record, plan), handled, principal);
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
