/**
 * The native handler for `node:http`, without `Request` and `Response` objects.
 *
 * @spec basic/transports/streamable-http
 */
import type { ServerResponse } from "node:http";
import { isProtocolError } from "../../protocol/errors.ts";
import { requireServe } from "../../protocol/known-members.ts";
import type { LegacyServed, LegacySupport } from "./legacy-hook.ts";
import type { NodeRequest } from "./node-body.ts";
import {
  createNodeEndpoint,
  refuse,
  type ScreenedRequest,
  serveScreened,
} from "./node-endpoint.ts";
import type { OpenStreams } from "./node-event-stream.ts";
import { createNodeLegacy } from "./node-legacy.ts";
import { explainRefusal } from "./node-refusal.ts";
import { headerReader, screenRequest } from "./node-screening.ts";
import { withHeadScopes } from "./protected-resource.ts";
import { protectedServer } from "./protected-server.ts";
import { type HttpHandlerOptions, type Refusal, withDefaults } from "./rules.ts";

/** Answers one HTTP request; the promise resolves when the response is written. */
export type NodeHandler = (req: NodeRequest, res: ServerResponse) => Promise<void>;

/** A request whose head is refused, unless it belongs to a session. */
interface RefusedRequest extends ScreenedRequest {
  readonly streams: OpenStreams;
}

/**
 * Serves the MCP endpoint from `node:http`.
 *
 * @param support The support for legacy clients. @default they are refused
 */
export function createNodeHandler(
  server: LegacyServed,
  options: HttpHandlerOptions = {},
  support?: LegacySupport,
): NodeHandler {
  requireServe("createNodeHandler", server);
  const rules = withDefaults(options, "createNodeHandler", support?.versions);
  const { resource } = rules;
  const served = protectedServer(server, resource);
  const authenticate = withHeadScopes(rules.authenticate, server, resource);
  const legacy = support && createNodeLegacy(served, rules, support);
  const endpoint = createNodeEndpoint(rules, legacy);
  const { streams } = endpoint;

  async function answerRefused(request: RefusedRequest, refusal: Refusal): Promise<void> {
    const { req, res, header, cors } = request;
    try {
      if (legacy?.takesMethod(refusal, request)) return await legacy.session(request);
      refuse(res, await explainRefusal(refusal, req, header), cors);
    } catch (thrown) {
      // A header that is sent twice is refused where it is read.
      if (isProtocolError(thrown)) {
        return refuse(res, { status: thrown.status, error: thrown }, cors);
      }
      rules.onError(thrown);
      res.destroy();
    }
  }

  return (req, res) => {
    const header = headerReader(req);
    const { refusal, cors } = screenRequest(req, header, rules);
    const request = { req, res, header, cors, streams, authenticate };
    if (refusal) return answerRefused(request, refusal);
    const answered: Promise<unknown> = serveScreened(request, endpoint, served.serve);
    // Another promise, without the value that gateways use, would cost a turn of the microtask queue.
    return answered as Promise<void>;
  };
}
