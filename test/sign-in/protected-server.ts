/** An MCP server whose tools need scopes, on loopback. */
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type ProtectOptions, protect } from "lutra/auth";
import { createNodeHandler } from "lutra/node";
import { requireScopes } from "lutra/protocol";
import { createServer, defineTool } from "lutra/server";
import { closeServer } from "./authorization-server.ts";

export interface ProtectedServer {
  readonly url: string;
  /** Names the authorization server whose tokens are accepted from now on. */
  readonly trust: (issuer: string) => void;
  /** The `Authorization` headers of all requests, in order. */
  readonly credentials: (string | undefined)[];
  readonly close: () => Promise<void>;
}

/**
 * Starts a server that accepts the tokens of one authorization server at a time.
 *
 * With `anonymous`, lists need no token, and there is the tool `member`, which needs one.
 */
export async function startProtectedServer(
  options: Partial<ProtectOptions> = {},
  { anonymous = false }: { readonly anonymous?: boolean } = {},
): Promise<ProtectedServer> {
  const credentials: (string | undefined)[] = [];
  const http = createHttpServer();
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
  let handle: ReturnType<typeof createNodeHandler> | undefined;
  http.on("request", (request, response) => {
    credentials.push(request.headers.authorization);
    if (handle === undefined) response.writeHead(503).end();
    else handle(request, response);
  });
  return {
    url,
    credentials,
    trust: (issuer) => {
      const authenticate = protect({ issuer, resource: url, cacheMs: 0, ...options });
      handle = createNodeHandler(createLibrary(anonymous ? [member] : []), {
        authenticate,
        anonymous,
      });
    },
    close: () => closeServer(http),
  };
}

const member = defineTool({
  name: "member",
  scopes: ["books:write"],
  call: (_args, { principal }) => String(principal?.id),
});

function createLibrary(further: readonly (typeof member)[]) {
  return createServer({
    name: "library",
    version: "1.0.0",
    tools: [
      defineTool({
        name: "whoami",
        call: (_args, { principal }) => String(principal?.id),
      }),
      ...further,
      defineTool({
        name: "write",
        call: (_args, { principal }) => {
          requireScopes(principal, ["books:write"]);
          return "written";
        },
      }),
    ],
    onError: () => {},
  });
}
