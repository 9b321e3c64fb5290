/**
 * The way of a request into the open session of its caller, without being parsed. A request without a
 * session is parsed, and opens one.
 */
import {
  type JSONRPCRequest,
  type Method,
  metaKeys,
  modernVersions,
  type RequestContext,
} from "lutra/protocol";
import type {
  Spliced,
  SplicedAttempt,
  SplicedRoute,
  StartAttempt,
} from "../delivery/deliver-spliced.ts";
import type { ResponseBudget } from "../delivery/response-budget.ts";
import { recordIn } from "../exchange-record.ts";
import type { Replica } from "../replicas/replica.ts";
import { legacyRequest, modernEvent, modernResponse } from "./passed-bytes.ts";
import { SessionAnswer } from "./session-answer.ts";
import type { PassedInSession } from "./upstream-sessions.ts";

/** A request as its session sees it, without the arguments. */
export interface PassedMessage {
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
}

export interface PassedRouteOptions {
  readonly responses: ResponseBudget;
  /** Returns the replica of the caller's session, if it is still in service. */
  readonly preferred: (message: PassedMessage) => Replica | undefined;
  /** Starts a call in the open session of the caller at a replica. */
  readonly start: (
    message: PassedMessage,
    replica: Replica,
    onEvent: () => void,
  ) => StartedCall | undefined;
  /** Returns the error that the client gets. */
  readonly explain: (error: unknown) => unknown;
}

/** A call, with the headers of its caller. */
export interface StartedCall {
  readonly call: PassedInSession;
  readonly headers: { readonly [name: string]: string };
}

/** The headers of each request, names and values in turn. A compressed response could not be read. */
const fixedHeaders: readonly string[] = [
  ...["content-type", "application/json"],
  ...["accept", "application/json, text/event-stream"],
  ...["accept-encoding", "identity"],
];

const { signal } = new AbortController();

/** Returns true for a method whose requests may be passed on: a call of an entry by its name. */
export function mayPass({ nameField, cacheable, longLived }: Method): boolean {
  return nameField === "name" && !cacheable && !longLived;
}

/** Returns the way of a request. Undefined if it must be parsed. */
export function passedRoute(
  spliced: Spliced,
  options: PassedRouteOptions,
): SplicedRoute | undefined {
  const { record, header, principal, read } = spliced;
  const { method = "", name, version } = record.head;
  const { version: own } = read.meta;
  if (own !== version || !modernVersions.includes(own)) return undefined;
  // Progress makes the response a stream of several messages.
  if (read.sentMeta[metaKeys.progressToken] !== undefined) return undefined;
  const params = { name, _meta: read.sentMeta } as JSONRPCRequest["params"];
  const request: JSONRPCRequest = { jsonrpc: "2.0", id: 0, method, params };
  const context: RequestContext = { signal, notify: () => {}, header, principal };
  recordIn(context, record);
  const message = { request, context };
  const preferred = () => options.preferred(message);
  if (preferred() === undefined) return undefined;
  const start: StartAttempt = (replica, onEvent) => {
    const started = options.start(message, replica, onEvent);
    return started && attemptOf(started, { spliced, replica, method, ...options });
  };
  return { start, preferred };
}

interface AttemptParts extends Pick<PassedRouteOptions, "responses" | "explain"> {
  readonly spliced: Spliced;
  readonly replica: Replica;
  readonly method: string;
}

function attemptOf(
  { call, headers }: StartedCall,
  { spliced, replica, method, responses, explain }: AttemptParts,
): SplicedAttempt | undefined {
  const { read } = spliced;
  const body = legacyRequest(read, method, call.id);
  if (body === undefined) {
    call.end();
    return undefined;
  }
  const ids = { own: call.id, sent: read.id };
  const all = [...fixedHeaders];
  for (const name in headers) all.push(name, headers[name] as string);
  for (const name in call.headers) all.push(name, call.headers[name] as string);
  return {
    path: replica.path,
    headers: all,
    body,
    finalOf: (text) => modernResponse(text, ids),
    finalEventOf: (text) => modernEvent(text, ids),
    answer: (exchange) => new SessionAnswer({ exchange, call, responses, explain }),
    end: call.end,
    cancel: call.cancel,
  };
}
