/** The gateway's own tokens in requests that are copied or passed through. */
import type { Principal } from "lutra/protocol";
import type { CallerHeaders } from "../delivery/caller-headers.ts";
import { unverifiedCallers } from "../delivery/caller-headers.ts";
import { limitCopies, type RequestCopy } from "../delivery/deliver-copy.ts";
import type { Forward } from "../delivery/deliver-stream.ts";
import type { StreamToken } from "../delivery/own-token.ts";
import type { Head } from "../head/head.ts";
import { Renewals } from "./renewals.ts";
import { callerOfHead } from "./requesting-caller.ts";
import type { UpstreamCredentials } from "./upstream-credentials.ts";

/** Returns the rules for an upstream that gets no credentials of callers. */
export function withoutCallers(callers: CallerHeaders = unverifiedCallers): CallerHeaders {
  return { ...callers, passesCredentials: () => false };
}

/** Returns a test for requests whose token is known already. */
export function tokenTest(
  credentials: UpstreamCredentials,
): (head: Head, caller: Principal | undefined) => boolean {
  return (head, caller) => credentials.peek(callerOfHead(head, caller)) !== undefined;
}

/** Returns a function that sends copies of requests with their tokens. */
export function copyWith(
  credentials: UpstreamCredentials | undefined,
  copy: (sent: RequestCopy, added?: readonly string[]) => void,
): (sent: RequestCopy) => void {
  if (credentials === undefined) return copy;
  // Those that wait for a token keep their bodies, so they are limited, too.
  return limitCopies<RequestCopy>((sent, onEnd) => {
    const token = credentials.get(callerOfHead(sent.head, sent.principal));
    token
      .then(({ headers }) => copy(sent, headers()))
      .catch(() => {})
      .finally(onEnd);
  });
}

/** Returns a function that creates the token of a request that is passed through. */
export function streamTokensOf(
  credentials: UpstreamCredentials | undefined,
): ((forward: Forward) => StreamToken) | undefined {
  return credentials && (({ head, principal }) => streamToken(credentials, { head, principal }));
}

function streamToken(
  credentials: UpstreamCredentials,
  { head, principal }: Pick<Forward, "head" | "principal">,
): StreamToken {
  const caller = callerOfHead(head, principal);
  const renewals = new Renewals(credentials, caller);
  let token = credentials.peek(caller);
  return {
    addTo: (headers) => (token === undefined ? headers : [...headers, ...token.headers()]),
    seeNonce: (nonce) => token?.seeNonce(nonce),
    refused: (challenge) => renewals.refused(token, challenge),
    stepUp: (scopes) => renewals.stepUp(token, scopes),
    renew: async (signal) => {
      token = await credentials.get(caller, signal);
    },
  };
}
