/**
 * The handler for Web-standard runtimes: `Request` in, `Response` out.
 *
 * @spec basic/transports/streamable-http
 */
import type { Serve } from "../../protocol/exchange.ts";
import {
  encodeError,
  isRequest,
  parseMessage,
  type RequestId,
  readId,
} from "../../protocol/json-rpc.ts";
import { requireBounds } from "../../protocol/json-text.ts";
import { isTransportError } from "../../protocol/transport-error.ts";
import { decodeBody, readBody, withinLimit } from "./fetch-body.ts";
import { FetchExchange, jsonResponse } from "./fetch-exchange.ts";
import { parseJSON } from "./read-message.ts";
import {
  accepted,
  errorHeaders,
  type HttpHandlerOptions,
  type HttpRules,
  type ReadHeader,
  type Refusal,
  type ResponseHeaders,
  type Screening,
  screen,
  tooLarge,
  toProtocolError,
  withDefaults,
} from "./rules.ts";

/** Answers one HTTP request. */
export type FetchHandler = (http: Request) => Promise<Response>;

/**
 * Serves the MCP endpoint as a fetch handler, for Bun, Deno, Workers and frameworks. Set
 * `allowedHosts` where the platform does not route on `Host`.
 *
 * @example
 * ```ts
 * export default { fetch: createFetchHandler(server) };
 * ```
 */
export function createFetchHandler(
  server: { readonly serve: Serve },
  options: HttpHandlerOptions = {},
): FetchHandler {
  const rules = withDefaults(options);
  const { maxBodyBytes, authenticate } = rules;

  // The steps and their order are those of `serveScreened`, the Node handler's.
  return async (http) => {
    const header: ReadHeader = (name) => http.headers.get(name) ?? undefined;
    const { refusal, cors } = screenRequest(http, header, rules);
    if (refusal) return refuse(refusal, cors);
    let id: RequestId | undefined;
    try {
      // The credentials come before the body, so that no client without them can send one.
      const principal = authenticate && (await authenticate(header));
      const body = withinLimit(await readBody(http, header, maxBodyBytes), maxBodyBytes);
      if (body === undefined) return refuse(tooLarge(maxBodyBytes), cors);
      const decoded = parseJSON(decodeBody(body, header), rules.maxBodyValues);
      id = readId(decoded.value);
      requireBounds(decoded);
      const message = parseMessage(decoded.value);
      if (!isRequest(message)) return refuse(accepted, cors);
      const address = rules.addressOf?.(header);
      const exchange = new FetchExchange(message, {
        http,
        header,
        principal,
        address,
        rules,
        cors,
      });
      return await exchange.serve(server.serve);
    } catch (thrown) {
      // The exchange was cancelled, so no client reads this response.
      if (isTransportError(thrown)) return new Response(null, { status: 499 });
      const error = toProtocolError(thrown, rules);
      return jsonResponse(encodeError(id, error), error.status, errorHeaders(error, cors));
    }
  };
}

function screenRequest(http: Request, header: ReadHeader, rules: HttpRules): Screening {
  const { method, url } = http;
  // Some platforms hide `Host`, and HTTP/2 does not have it.
  const host = header("host") ?? new URL(url).host;
  return screen({ method, host, header, isLocal: () => false }, rules);
}

/** Creates the response to a request that is not served. */
function refuse({ status, headers, error }: Refusal, cors: ResponseHeaders): Response {
  const all = { ...headers, ...cors };
  if (error === undefined) return new Response(null, { status, headers: all });
  return jsonResponse(encodeError(undefined, error), status, all);
}
