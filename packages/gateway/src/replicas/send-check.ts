/**
 * The request of a health check.
 *
 * @spec server/discover
 */
import { createHttpSender } from "lutra/internal";
import { discover, isProtocolError, isTransportError } from "lutra/protocol";
import type { SendCheck } from "./health-checks.ts";
import { ownMeta } from "./own-meta.ts";

/**
 * Creates a check that sends `server/discover`. An error response proves that the replica answers,
 * because servers of earlier revisions do not know the method. So does an HTTP status below 500, such
 * as the 401 of a server that requires credentials, because the gateway has none.
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
