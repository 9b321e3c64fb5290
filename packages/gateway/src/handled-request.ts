/** A request to an endpoint while it is handled, and the functions that all ways of serving it need. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ReadHeader, ResponseHeaders } from "lutra/internal";
import {
  type JSONRPCRequest,
  ProtocolError,
  readTraceContext,
  type Serve,
  type TraceContext,
} from "lutra/protocol";
import type { Forward } from "./delivery/deliver-stream.ts";
import { freeBytes } from "./delivery/response-budget.ts";
import type { HandlerSettings } from "./endpoint-table.ts";
import type { ExchangeRecord } from "./exchange-record.ts";
import { notRouted, refuse, setHeaders } from "./refuse.ts";
import type { Action } from "./routes/action.ts";
import type { RoutingPlan } from "./routing-plan.ts";
import { traceInHeaders } from "./tracing/start-trace.ts";

/** A request that is being handled. */
export interface HandledRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly record: ExchangeRecord;
  readonly header: ReadHeader;
  readonly cors: ResponseHeaders;
  readonly settings: HandlerSettings;
}

/** Finds the action for a request, and records its route. */
export function findAction(record: ExchangeRecord, { routes, actions }: RoutingPlan): Action {
  const found = routes.find(record);
  const action = found && actions[found.index]?.(record);
  if (found === undefined || action === undefined) throw notRouted();
  record.route = found.index;
  return action;
}

/** Answers a request that was neither forwarded nor served. */
export function fail({ req, res, record, cors, settings }: HandledRequest, thrown: unknown): void {
  const error = ProtocolError.from(thrown);
  if (error !== thrown) settings.endpoint.rules.onError(thrown);
  record.code = error.code;
  setHeaders(res, cors);
  void refuse(req, res, error);
}

/** Returns the `Serve` of a route with the observer of the endpoint around it, if there is one. */
export function observed(next: Serve, { observer }: HandlerSettings): Serve {
  return observer === undefined ? next : observer(next);
}

/** Returns the trace context in `_meta`, or else that in the headers. */
export function traceOf({ params }: JSONRPCRequest, header: ReadHeader): TraceContext | undefined {
  return readTraceContext(params?._meta) ?? traceInHeaders(header);
}

/** Counts the part of a response that the client has not taken in place of what it was made from. */
export function countUnread({ res, record, settings }: HandledRequest): void {
  if (record.ms > 0 || (record.shares === undefined && res.writableLength <= freeBytes)) return;
  const [share = settings.responses.share(), ...others] = record.shares ?? [];
  record.shares = [share];
  for (const other of others) other.release();
  share.keep(res);
}

/**
 * Returns the function that adds to a challenge of an upstream where clients get a token for this
 * gateway. An upstream that trusts the gateway does not know that.
 */
export function completion({ header, settings }: HandledRequest): Forward["complete"] {
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
