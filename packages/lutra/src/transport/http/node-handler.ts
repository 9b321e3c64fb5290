/**
 * The native handler for `node:http`, without `Request` and `Response` objects.
 *
 * @spec basic/transports/streamable-http
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Serve } from "../../protocol/exchange.ts";
import { createNodeEndpoint, refuse, serveScreened } from "./node-endpoint.ts";
import { headerReader, screenRequest } from "./node-screening.ts";
import { type HttpHandlerOptions, withDefaults } from "./rules.ts";

/** Answers one HTTP request; the promise resolves when the response is written. */
export type NodeHandler = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

/**
 * Serves the MCP endpoint from `node:http`. Mount it on the path of your choice.
 *
 * @example
 * ```ts
 * http.createServer(createNodeHandler(server)).listen(3000, "127.0.0.1");
 * ```
 */
export function createNodeHandler(
  server: { readonly serve: Serve },
  options: HttpHandlerOptions = {},
): NodeHandler {
  const rules = withDefaults(options);
  const endpoint = createNodeEndpoint(rules);
  const { authenticate } = rules;

  return async (req, res) => {
    const header = headerReader(req);
    const { refusal, cors } = screenRequest(req, header, rules);
    if (refusal) return refuse(res, refusal, cors);
    await serveScreened({ req, res, header, cors, authenticate }, endpoint, server.serve);
  };
}
