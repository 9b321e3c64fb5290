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
import { createNodeEndpoint, refuse, serveScreened } from "./node-endpoint.ts";
import { createNodeLegacy } from "./node-legacy.ts";
import { explainRefusal } from "./node-refusal.ts";
import { headerReader, screenRequest } from "./node-screening.ts";
import { withHeadScopes } from "./protected-resource.ts";
import { protectedServer } from "./protected-server.ts";
import { type HttpHandlerOptions, withDefaults } from "./rules.ts";

/** Answers one HTTP request; the promise resolves when the response is written. */
export type NodeHandler = (req: NodeRequest, res: ServerResponse) => Promise<void>;

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

  return async (req, res) => {
    const header = headerReader(req);
    const { refusal, cors } = screenRequest(req, header, rules);
    if (refusal) {
      try {
        const request = { req, res, header, cors, streams, authenticate };
        if (legacy?.takesMethod(refusal, request)) return await legacy.session(request);
        return refuse(res, await explainRefusal(refusal, req, header), cors);
      } catch (thrown) {
        // A header that is sent twice is refused where it is read.
        if (isProtocolError(thrown))
          return refuse(res, { status: thrown.status, error: thrown }, cors);
        rules.onError(thrown);
        return void res.destroy();
      }
    }
    await serveScreened({ req, res, header, cors, authenticate }, endpoint, served.serve);
  };
}
