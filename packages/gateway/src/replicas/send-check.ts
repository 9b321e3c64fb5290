/**
 * The question that finds out whether a replica answers.
 *
 * @spec server/discover
 */
import { createHttpSender } from "lutra/internal";
import { discover, isProtocolError, isTransportError } from "lutra/protocol";
import type { SendCheck } from "./health-checks.ts";
import { ownMeta } from "./own-meta.ts";

/**
 * Asks with `server/discover`. An error response is an answer, too: servers of earlier revisions
 * do not know the method. So is an HTTP status below 500, such as the 401 of a server that wants
 * credentials, which the gateway has none of.
 *
 * @spec basic/versioning#backward-compatibility-with-initialization-based-versions
 */
export function createSendCheck(headers: { readonly [name: string]: string }): SendCheck {
  const send = createHttpSender("http://localhost", { headers });
  const request = {
    jsonrpc: "2.0",
    id: 0,
    method: discover.name,
    params: { _meta: ownMeta },
  } as const;
  return async ({ pool, path }, signal) => {
    try {
      const dispatcher: Parameters<typeof send>[0] = {
        dispatch: (options, handler) => pool.dispatch({ ...options, path }, handler),
      };
      await send(dispatcher, request, { signal, notify: () => {} });
    } catch (error) {
      const isAnswer = isTransportError(error) && error.status !== undefined && error.status < 500;
      if (!isAnswer && !isProtocolError(error)) throw error;
    }
  };
}
