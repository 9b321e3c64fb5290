/** Serves the page for people next to an MCP endpoint. */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Principal, RequestContext, Serve } from "../../protocol/exchange.ts";
import { headerNames } from "../../protocol/http-headers.ts";
import type { JSONRPCRequest } from "../../protocol/json-rpc.ts";
import { latestVersion } from "../../protocol/versioning.ts";
import { refuse } from "./node-endpoint.ts";
import { sendPage, wantsPage } from "./node-page-document.ts";
import { urlOf } from "./node-refusal.ts";
import { headerReader, screenRequest } from "./node-screening.ts";
import { type Ask, readOffer } from "./page-offer.ts";
import type { HttpRules } from "./rules.ts";
import { renderServerPage } from "./server-page.ts";

/** An endpoint with a page. */
export interface PagedEndpoint {
  readonly path: string;
  readonly handle: RequestListener;
  /** Returns the rules for `Host` and `Origin`, or undefined for a request that gets no page. */
  readonly rules: (req: IncomingMessage) => HttpRules | undefined;
  /**
   * Returns the function that answers as for a caller without credentials. Rejects if such callers
   * are refused.
   */
  readonly visit: (req: IncomingMessage, signal: AbortSignal) => Promise<Ask>;
}

/** Maximum time to read what a server offers, in milliseconds. */
const maxReadMs = 5000;

/**
 * Maximum number of pages that an endpoint prepares at once. Each sends several requests, for visitors
 * without credentials; further visitors get the status 503.
 */
const maxPreparing = 16;

/**
 * Returns a listener that answers `GET /` with the page, and passes all other requests on. A browser
 * that opens the path of the endpoint gets the page, too, with the status 405 that the
 * specification requires.
 *
 * @spec basic/transports/streamable-http#earlier-streamable-http-revisions
 */
export function withPage({ path, handle, rules, visit }: PagedEndpoint): RequestListener {
  let preparing = 0;
  const prepare = async (req: IncomingMessage) => {
    preparing += 1;
    try {
      return await readOffer(() => visit(req, AbortSignal.timeout(maxReadMs)));
    } finally {
      preparing -= 1;
    }
  };
  const respond = async (req: IncomingMessage, res: ServerResponse, status: number) => {
    if (preparing >= maxPreparing) {
      res.writeHead(503, { "content-length": 0, "retry-after": "1" }).end();
      return;
    }
    const offer = await prepare(req);
    if (res.destroyed) return;
    const text = renderServerPage({ url: urlOf(req, path), offer });
    sendPage(res, text, { status, ...(status === 405 && { headers: { allow: "POST" } }) });
  };
  return (req, res) => {
    const status = statusFor(req, path);
    const current = status === undefined ? undefined : rules(req);
    if (status === undefined || current === undefined) return handle(req, res);
    const { refusal, cors } = screenRequest(req, headerReader(req), current);
    // The screening accepts POST only, so it has passed a request that it refuses for its method.
    if (refusal !== undefined && refusal.status !== 405) return refuse(res, refusal, cors);
    respond(req, res, status).catch((error) => {
      // Other servers wrote some of the texts on the page, so an error must not end the process.
      current.onError(error);
      res.destroy();
    });
  };
}

/** Returns the status of a page, or undefined for a request that is not for one. */
function statusFor(
  { method, url = "", headers }: IncomingMessage,
  path: string,
): number | undefined {
  if (method !== "GET" && method !== "HEAD") return undefined;
  const [own] = url.split("?", 1);
  if (own === path) return wantsPage(headers.accept) ? 405 : undefined;
  return own === "/" ? 200 : undefined;
}

/** Creates the `visit` of a server: its lists as a caller without credentials sees them. */
export function createVisit(
  { serve }: { readonly serve: Serve },
  { authenticate, addressOf }: HttpRules,
): PagedEndpoint["visit"] {
  return async (req, signal) => {
    const principal = await authenticate?.(() => undefined);
    const address = addressOf ? addressOf(headerReader(req)) : req.socket.remoteAddress;
    return (request) => serve(request, pageContext(request, { signal, principal, address }));
  };
}

interface Visitor {
  readonly signal: AbortSignal;
  readonly principal: Principal | undefined;
  readonly address: string | undefined;
}

/** Creates the context of a request that a page sends: no credentials, and matching headers. */
export function pageContext(request: JSONRPCRequest, visitor: Visitor): RequestContext {
  const headers: { readonly [name: string]: string } = {
    [headerNames.version]: latestVersion,
    [headerNames.method]: request.method,
  };
  return { ...visitor, notify: () => {}, header: (name) => headers[name] };
}
