/** Sends parsed requests with the gateway's own token, which is renewed once if it is refused. */
import { setTimeout as delay } from "node:timers/promises";
import {
  isProtocolError,
  type JSONRPCRequest,
  type Middleware,
  type RequestContext,
  type Result,
} from "lutra/protocol";
import { carryToken, type OwnToken } from "../delivery/own-token.ts";
import { scopeFailureOf, scopesIn } from "../delivery/scope-challenge.ts";
import { failureOf } from "../delivery/upstream-error.ts";
import { recordOf } from "../exchange-record.ts";
import { withoutChallenge } from "./credential-errors.ts";
import {
  accountDeclined,
  askForAccount,
  MissingAccountError,
  mayAsk,
  takeOwnAnswer,
} from "./missing-account.ts";
import { Renewals } from "./renewals.ts";
import { callerIn } from "./requesting-caller.ts";
import type { UpstreamCredentials } from "./upstream-credentials.ts";

interface CredentialPolicyInput {
  /** The name of the upstream. */
  readonly name: string;
  readonly credentials?: UpstreamCredentials | undefined;
}

/**
 * Creates the policy that adds the token of its caller to each request. A request that the upstream
 * refuses for its token has not run, so it is sent once more with another one. A caller who has to connect
 * an account is asked to. Returns undefined for an upstream without credentials.
 */
export function credentialPolicy({
  name,
  credentials,
}: CredentialPolicyInput): Middleware | undefined {
  if (credentials === undefined) return undefined;
  return (next) => async (received, context) => {
    const { request, action } = takeOwnAnswer(received, name);
    if (action !== undefined && action !== "accept") throw accountDeclined(name);
    const waitMs = action === "accept" ? connectMs : 0;
    const send = (own: RequestContext) => next(request, own);
    try {
      return await sendRenewed({ name, credentials, context, waitMs }, send);
    } catch (error) {
      if (!(error instanceof MissingAccountError)) throw error;
      return await withoutAccount(error, request, () => send(context));
    }
  };
}

/** Answers a request of a caller who has connected no account. */
async function withoutAccount(
  error: MissingAccountError,
  request: JSONRPCRequest,
  send: () => Promise<Result>,
): Promise<Result> {
  const open = mayAsk(request.method) ? undefined : await sendOpenly(send());
  return open ?? askForAccount(error, request);
}

/**
 * Returns the result of a request without a token, if the upstream serves it. A client needs the list of
 * tools before a call can ask its user.
 */
function sendOpenly(sent: Promise<Result>): Promise<Result | undefined> {
  return sent.catch(ifUnauthorized);
}

interface Sending {
  /** The name of the upstream. */
  readonly name: string;
  readonly credentials: UpstreamCredentials;
  readonly context: RequestContext;
  /** Time to wait for the caller to connect an account, in milliseconds. */
  readonly waitMs: number;
}

/**
 * Sends a request with a token, once more with another one if that was refused, and once more with one
 * that has further scopes.
 */
async function sendRenewed(
  { name, credentials, context, waitMs }: Sending,
  send: (own: RequestContext) => Promise<Result>,
): Promise<Result> {
  const caller = callerIn(context);
  const key = credentials.keyOf(caller);
  const renewals = new Renewals(credentials, caller);
  for (;;) {
    const get = () => credentials.get(caller, context.signal);
    const token = await onceConnected(get, waitMs, context.signal).catch((error: unknown) => {
      setReason(context, "credentials");
      throw error;
    });
    const answer = await send(carryToken(context, { token, key })).catch(asRefusal);
    if (!(answer instanceof Refusal)) return answer;
    const { challenge, scopes } = answer;
    const mayGoOn =
      scopes === undefined ? renewals.refused(token, challenge) : renewals.stepUp(token, scopes);
    if (mayGoOn) continue;
    const { reason, error } =
      scopes === undefined ? failureOf(name, "token-refused") : scopeFailureOf(name, scopes);
    setReason(context, reason);
    throw error;
  }
}

/** The refusal of a token of the gateway. The request has not run. */
class Refusal {
  readonly challenge: string | undefined;
  /** The scopes that the token lacks; undefined if it is refused for another reason. */
  readonly scopes: readonly string[] | undefined;

  constructor(challenge: string | undefined, scopes?: readonly string[]) {
    this.challenge = challenge;
    this.scopes = scopes;
  }
}

/** Returns the refusal of a token, and throws other errors as the client sees them. */
function asRefusal(error: unknown): Refusal {
  if (isProtocolError(error)) {
    const { status, challenge } = error;
    if (status === 401) return new Refusal(challenge);
    const scopes = status === 403 ? scopesIn(challenge) : undefined;
    if (scopes !== undefined) return new Refusal(challenge, scopes);
  }
  throw asSeenByClient(error);
}

/** Time for which a retry waits until its user has connected an account, in milliseconds. */
const connectMs = 20_000;
/** Interval in which the store is polled, in milliseconds. */
const pollMs = 500;

/** Calls `get` until the account exists, for some time. Agreeing to open a page does not connect the account. */
async function onceConnected(
  get: () => Promise<OwnToken>,
  waitMs: number,
  signal: AbortSignal,
): Promise<OwnToken> {
  const until = performance.now() + waitMs;
  for (;;) {
    try {
      return await get();
    } catch (error) {
      if (!(error instanceof MissingAccountError) || performance.now() >= until) throw error;
      // The next call of `get` reports that the caller has disconnected.
      await delay(pollMs, undefined, { signal }).catch(() => {});
    }
  }
}

/** Returns undefined for a 401, and throws other errors as the client sees them. */
function ifUnauthorized(error: unknown): undefined {
  if (!isProtocolError(error) || error.status !== 401) throw asSeenByClient(error);
  return undefined;
}

function setReason(context: RequestContext, reason: string): void {
  const record = recordOf(context);
  if (record !== undefined) record.reason = reason;
}

function asSeenByClient(error: unknown): unknown {
  return isProtocolError(error) && error.challenge !== undefined ? withoutChallenge(error) : error;
}
