/**
 * The handler for Web-standard runtimes: `Request` in, `Response` out.
 *
 * @spec basic/transports/streamable-http
 */
import { headerNames } from "../../protocol/http-headers.ts";
import {
  encodeError,
  isRequest,
  parseMessage,
  type RequestId,
  readId,
} from "../../protocol/json-rpc.ts";
import { requireBounds } from "../../protocol/json-text.ts";
import { requireServe } from "../../protocol/known-members.ts";
import { isTransportError } from "../../protocol/transport-error.ts";
import { decodeBody, readBody, withinLimit } from "./fetch-body.ts";
import { FetchExchange, jsonResponse } from "./fetch-exchange.ts";
import type { FetchLegacyHook } from "./fetch-legacy.ts";
import type { LegacyServed } from "./legacy-hook.ts";
import { withHeadScopes } from "./protected-resource.ts";
import { protectedServer } from "./protected-server.ts";
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
 * Serves the MCP endpoint as a fetch handler.
 *
 * @param hook Takes the requests of legacy clients. @default they are refused
 */
export function createFetchHandler(
  server: LegacyServed,
  options: HttpHandlerOptions = {},
  hook?: FetchLegacyHook,
): FetchHandler {
  requireServe("createFetchHandler", server);
  const rules = withDefaults(options, "createFetchHandler", hook?.versions);
  const { maxBodyBytes, resource } = rules;
  const served = protectedServer(server, resource);
  const authenticate = withHeadScopes(rules.authenticate, server, resource);
  const legacy = hook?.create(served, rules);

  // The steps and their order are the same as in `serveScreened` of the Node handler.
  return async (http) => {
    const header = headerReader(http.headers);
    const { refusal, cors } = screenRequest(http, header, rules);
    if (refusal) return legacy?.session(refusal, { http, header, cors }) ?? refuse(refusal, cors);
    let id: RequestId | undefined;
    try {
      // Checked before the body is read, so that clients without credentials cannot send one.
      const principal = authenticate && (await authenticate(header));
      const address = rules.addressOf?.(header);
      const parts = { http, header, principal, address, rules, cors };
      const length = header("content-length");
      const body = withinLimit(await readBody(http, length, rules), maxBodyBytes);
      if (body === undefined) return refuse(tooLarge(maxBodyBytes), cors);
      const decoded = parseJSON(decodeBody(body, length), rules.maxBodyValues);
      id = readId(decoded.value);
      requireBounds(decoded);
      if (legacy?.takes(header, decoded.value, http.url))
        return await legacy.post(decoded.value, parts);
      const message = parseMessage(decoded.value);
      if (!isRequest(message)) return refuse(accepted, cors);
      const exchange = new FetchExchange(message, parts);
      return await exchange.serve(served.serve);
    } catch (thrown) {
      // The exchange was cancelled, so no client reads this response.
      if (isTransportError(thrown)) return new Response(null, { status: 499 });
      const error = toProtocolError(thrown, rules);
      return jsonResponse(encodeError(id, error), error.status, errorHeaders(error, cors));
    }
  };
}

/** Returns the reader of headers. Each look-up takes long, and the version is needed more than once. */
function headerReader(headers: Headers): ReadHeader {
  const version = headers.get(headerNames.version) ?? undefined;
  return (name) => (name === headerNames.version ? version : (headers.get(name) ?? undefined));
}

function screenRequest(http: Request, header: ReadHeader, rules: HttpRules): Screening {
  const { method, url } = http;
  // Some platforms hide `Host`, and HTTP/2 does not have it.
  const host = header("host") ?? new URL(url).host;
  const path = () => new URL(url).pathname;
  return screen({ method, path, host, header, isLocal: () => false }, rules);
}

/** Creates the response to a request that is not served. */
function refuse({ status, headers, error, json }: Refusal, cors: ResponseHeaders): Response {
  const all = { ...headers, ...cors };
  if (json !== undefined) return jsonResponse(json, status, all);
  if (error === undefined) return new Response(null, { status, headers: all });
  return jsonResponse(encodeError(undefined, error), status, all);
}
