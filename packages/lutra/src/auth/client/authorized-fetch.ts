/**
 * Sends the requests of a client with tokens, and obtains others when the server refuses them.
 *
 * @spec basic/authorization/index#access-token-usage
 */
import {
  allowInsecureRequests,
  customFetch,
  protectedResourceRequest,
  WWWAuthenticateChallengeError,
} from "oauth4webapi";
import { withoutSecrets } from "../../protocol/peer-text.ts";
import { unlessAborted } from "../../time/abort.ts";
import { refusalOf } from "./challenge.ts";
import type { Tokens } from "./records.ts";
import type { ServerAuthorization } from "./server-authorization.ts";

/** Maximum number of times that one request is sent again, with other tokens or with a nonce. */
const maxResends = 4;

/**
 * Wraps a function that sends requests to one server. Tokens are sent only to the origin of the server,
 * and always in a header. Work that obtains tokens is shared, so an aborted request only stops waiting
 * for it.
 */
export function authorizedFetch(
  authorization: ServerAuthorization,
  send: typeof fetch,
): typeof fetch {
  const { origin } = authorization.server;
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.origin !== origin) return send(input, init);
    const signal = init.signal ?? undefined;
    let hasNonce = false;
    for (let count = 0; ; count += 1) {
      const tokens = await unlessAborted(authorization.tokens(), signal);
      const response = await sendWith(tokens, { url, init, send, authorization });
      const refusal = await refusalOf(response);
      if (refusal === undefined || count >= maxResends) return withoutToken(response, tokens);
      await response.body?.cancel();
      // The signer of proofs has read the nonce of the response.
      hasNonce = refusal.asksForNonce && tokens?.dpopKey !== undefined && !hasNonce;
      if (!hasNonce) await unlessAborted(authorization.recover(refusal, tokens), signal);
    }
  };
}

/** Returns a response whose challenge does not repeat the token, since errors contain challenges. */
function withoutToken(response: Response, tokens: Tokens | undefined): Response {
  const challenge = response.headers.get("www-authenticate");
  if (challenge === null || tokens === undefined) return response;
  const shown = withoutSecrets(challenge, [tokens.accessToken]);
  if (shown === challenge) return response;
  const { status, statusText, body } = response;
  const headers = new Headers(response.headers);
  headers.set("www-authenticate", shown);
  return new Response(body, { status, statusText, headers });
}

interface Sending {
  readonly url: URL;
  readonly init: RequestInit;
  readonly send: typeof fetch;
  readonly authorization: ServerAuthorization;
}

/** Sends a request with tokens, and with a proof if they are bound to a key. */
async function sendWith(
  tokens: Tokens | undefined,
  { url, init, send, authorization }: Sending,
): Promise<Response> {
  if (tokens === undefined) return send(url, init);
  const headers = new Headers(init.headers);
  headers.delete("authorization");
  headers.delete("dpop");
  const DPoP = await authorization.proofsOf(tokens);
  const { method = "GET" } = init;
  const response = await protectedResourceRequest(
    ...([tokens.accessToken, method, url, headers, undefined] as const),
    {
      ...(DPoP && { DPoP }),
      // `authorize` has checked the URL.
      [allowInsecureRequests]: true,
      [customFetch]: (href, signed) => send(href, { ...init, headers: signed.headers }),
    },
  ).catch((error) => {
    if (error instanceof WWWAuthenticateChallengeError) return error.response;
    throw error;
  });
  if (response.ok) authorization.accepted(tokens);
  return response;
}
