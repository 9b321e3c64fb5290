/**
 * One request of a legacy session: it is sent to the server as a request of the current revision, its
 * input requests become requests to the client, and its result gets the shape of the session's
 * revision. Works on any `Serve`, so a server and a gateway use it alike.
 *
 * @spec basic/versioning#backward-compatibility-with-initialization-based-versions
 */
import { ProtocolError } from "../protocol/errors.ts";
import type { RequestContext, Serve } from "../protocol/exchange.ts";
import {
  type InputRequests,
  inputRequired,
  isResponseTo,
  parseInputRequired,
} from "../protocol/input-required.ts";
import { isObject, type JSONObject } from "../protocol/json.ts";
import type { JSONRPCRequest, Result } from "../protocol/json-rpc.ts";
import type { LoggingLevel } from "../protocol/logging.ts";
import { coreMethods } from "../protocol/methods.ts";
import { backoffMs, delay } from "../time/backoff.ts";
import { type LiveRequest, toLiveRequest } from "./legacy-input.ts";
import { copyMembers } from "./members.ts";
import { SentOnce } from "./sent-once.ts";
import type { Session } from "./session.ts";
import { toLegacyResult } from "./to-legacy.ts";

/** The parts of one request that its transport provides. */
export interface LegacyCall {
  readonly session: Session;
  /** The least severe log messages that the session receives. */
  readonly level: LoggingLevel;
  /** Sends a notification to the client. */
  readonly notify: RequestContext["notify"];
  /** Returns the context of one execution of the request. */
  readonly contextFor: (notify: RequestContext["notify"]) => RequestContext;
  /** Sends a request to the client. Resolves to the result of its answer. */
  readonly ask: (request: LiveRequest) => Promise<unknown>;
}

/** Maximum number of executions of a handler for one request. */
const maxRounds = 100;
/** Pauses between executions without input, while a server waits for something else. */
const idlePace = { baseMs: 250, maxMs: 5000 };

/** The methods that legacy revisions have, too. The others are about streams and eras. */
const shared: ReadonlySet<string> = new Set(
  coreMethods.filter(({ capability }) => capability !== undefined).map(({ name }) => name),
);

/**
 * Serves a request of a legacy session.
 *
 * @throws {ProtocolError} with the codes of the current revision
 */
export async function serveLegacy(
  serve: Serve,
  request: JSONRPCRequest,
  call: LegacyCall,
): Promise<Result> {
  if (!shared.has(request.method)) throw methodNotFound(request.method, call.session.version);
  const { jsonrpc, id, method } = request;
  const params = withProtocolFields(request.params, call);
  const sent = new SentOnce(call);
  const context = call.contextFor((message) => sent.notify(message));
  let result = await serve({ jsonrpc, id, method, params }, context);
  if (result.resultType === inputRequired) {
    const again = async (answers: JSONObject) => {
      sent.replay();
      const own = call.contextFor((message) => sent.notify(message));
      return serve({ jsonrpc, id, method, params: { ...params, ...answers } }, own);
    };
    result = await untilComplete(result, { call, signal: context.signal, again });
  }
  return toLegacyResult(result, call.session.version);
}

interface Rounds {
  readonly call: LegacyCall;
  readonly signal: AbortSignal;
  /** Executes the request again, with answers and the request state. */
  readonly again: (answers: JSONObject) => Promise<Result>;
}

/** Asks for input, and executes the request again with the answers, until it needs none. */
async function untilComplete(first: Result, { call, signal, again }: Rounds): Promise<Result> {
  let result = first;
  for (let round = 1; result.resultType === inputRequired; round += 1) {
    if (round > maxRounds) {
      throw new ProtocolError("internalError", `The call needs input after ${maxRounds} rounds`);
    }
    const { inputRequests, requestState } = parseInputRequired(result);
    if (inputRequests === undefined) {
      await delay(backoffMs(round - 1, Math.random, idlePace), signal);
    }
    const inputResponses = inputRequests && (await askAll(inputRequests, call));
    result = await again({
      ...(inputResponses && { inputResponses }),
      ...(requestState !== undefined && { requestState }),
    });
  }
  return result;
}

function methodNotFound(method: string, version: string): ProtocolError {
  return new ProtocolError("methodNotFound", `Method not found in MCP ${version}: ${method}`);
}

/** The parameters of the current revision that a client of a session cannot send. */
const ownParams: ReadonlySet<string> = new Set(["_meta", "inputResponses", "requestState"]);
const none: ReadonlySet<string> = new Set();

/** Adds what the current revision sends with each request, and `initialize` has declared once. */
export function withProtocolFields(
  params: JSONObject | undefined,
  { session, level }: Pick<LegacyCall, "session" | "level">,
): JSONObject {
  const fields = session.fieldsFor(level);
  if (params === undefined) return { _meta: fields };
  const sent: Record<string, unknown> = { _meta: withFields(params._meta, fields) };
  copyMembers(sent, params, ownParams);
  return sent;
}

function withFields(meta: unknown, fields: JSONObject): JSONObject {
  if (!isObject(meta)) return fields;
  const all: Record<string, unknown> = {};
  copyMembers(all, meta, none);
  return Object.assign(all, fields);
}

/** Asks for all inputs at once. */
async function askAll(requests: InputRequests, call: LegacyCall): Promise<JSONObject> {
  const live = Object.entries(requests).map(([key, request]) => {
    return { key, request, live: toLiveRequest(request, call.session.version) };
  });
  const answers = live.map(async ({ key, request, live: sent }) => {
    const answer = await call.ask(sent);
    if (!isResponseTo(request, answer)) {
      throw new ProtocolError(
        "internalError",
        `The client answered ${request.method} with no valid result`,
      );
    }
    return [key, answer] as const;
  });
  return Object.fromEntries(await Promise.all(answers));
}
