/** Sends parsed requests with the gateway's own token, which is renewed once if it is refused. */
import { isProtocolError, type Middleware, type RequestContext } from "lutra/protocol";
import { carryToken } from "../delivery/own-token.ts";
import { failureOf } from "../delivery/upstream-error.ts";
import { recordOf } from "../exchange-record.ts";
import { withoutChallenge } from "./credential-errors.ts";
import { callerIn } from "./requesting-caller.ts";
import type { UpstreamCredentials } from "./upstream-credentials.ts";

/**
 * Adds the token of its caller to each request. A request that the upstream refuses with 401 has not
 * run, so it is sent once more with another token.
 */
export function withCredentials(name: string, credentials: UpstreamCredentials): Middleware {
  return (next) => async (request, context) => {
    const caller = callerIn(context);
    const key = credentials.keyOf(caller);
    const send = async (token: string) => next(request, carryToken(context, { token, key }));
    const tokenOf = async () => {
      try {
        return await credentials.get(caller, context.signal);
      } catch (error) {
        setReason(context, "credentials");
        throw error;
      }
    };
    const token = await tokenOf();
    try {
      return await send(token);
    } catch (error) {
      if (!isUnauthorized(error)) throw asSeenByClient(error);
      credentials.refused(caller, token);
    }
    return send(await tokenOf()).catch((error: unknown) => {
      if (!isUnauthorized(error)) throw asSeenByClient(error);
      const failure = failureOf(name, "token-refused");
      setReason(context, failure.reason);
      throw failure.error;
    });
  };
}

function setReason(context: RequestContext, reason: string): void {
  const record = recordOf(context);
  if (record !== undefined) record.reason = reason;
}

function isUnauthorized(error: unknown): boolean {
  return isProtocolError(error) && error.status === 401;
}

function asSeenByClient(error: unknown): unknown {
  return isProtocolError(error) && error.challenge !== undefined ? withoutChallenge(error) : error;
}
