/** A protected server, and a gateway in front of an open one, with one authorization server. */
import { startGateway } from "@lutra/gateway";
import { serveHttp } from "lutra/node";
import { createServer, defineTool } from "lutra/server";
import { startAuthorizationServer } from "./authorization-server.ts";
import { redirectUrl } from "./fixtures/official-provider.ts";
import { startFront } from "./gateway-setting.ts";
import { type ProtectedServer, startProtectedServer } from "./protected-server.ts";

export interface ProtectedPair {
  readonly issuer: string;
  /** Its tool `whoami` needs `books:read`, and `write` needs `books:write`. */
  readonly server: ProtectedServer;
  /** The URL of the gateway, whose tool is `hello`. */
  readonly gatewayUrl: string;
  readonly close: () => Promise<void>;
}

/** The id of a client that is registered beforehand. */
export const registeredId = "official";

/** Starts all of them. */
export async function startProtectedPair(): Promise<ProtectedPair> {
  const server = await startProtectedServer({ scopes: ["books:read"] });
  const front = await startFront();
  const gatewayUrl = `${front.origin}/mcp`;
  const scopes = ["books:read", "books:write"];
  const as = await startAuthorizationServer({
    ...{ resource: () => [server.url, gatewayUrl], scopes },
    clients: [
      {
        ...{ client_id: registeredId, redirect_uris: [redirectUrl], response_types: ["code"] },
        ...{ application_type: "native", token_endpoint_auth_method: "none" },
        grant_types: ["authorization_code", "refresh_token"],
      },
    ],
  });
  server.trust(as.issuer);
  const hello = defineTool({ name: "hello", call: () => "hello" });
  const open = await serveHttp(createServer({ name: "open", version: "1.0.0", tools: [hello] }), {
    port: 0,
  });
  const gateway = await startGateway(
    {
      ...{ listen: { port: 0 }, admin: false, log: false },
      auth: { issuer: as.issuer, resource: gatewayUrl, scopes: ["books:read"] },
      upstreams: { open: { url: open.url } },
    },
    { notice: () => {} },
  );
  await gateway.ready();
  front.lead(Number(new URL(gateway.url).port));
  return {
    issuer: as.issuer,
    server,
    gatewayUrl,
    close: async () => {
      await front.close();
      await gateway.close();
      await Promise.all([open.close(), server.close(), as.close()]);
    },
  };
}
