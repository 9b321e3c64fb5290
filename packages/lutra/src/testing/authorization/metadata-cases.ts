/**
 * The cases of the contract about metadata and challenges without a token.
 *
 * @spec basic/authorization/authorization-server-discovery#authorization-server-location
 */
import { expectEqual, expectThat } from "../contracts/contract-case.ts";
import {
  createRequest,
  expectRefused,
  type ProtectedServer,
  type ProtectedServerCase,
  readObject,
} from "./protected-server.ts";

const wellKnown = "/.well-known/oauth-protected-resource";

/** Returns the URLs at which clients look for metadata. */
function urlsOf({ issuer: { resource } }: ProtectedServer): readonly string[] {
  const { origin, pathname } = new URL(resource);
  return [origin + wellKnown + (pathname === "/" ? "" : pathname), origin + wellKnown];
}

async function expectMetadata(server: ProtectedServer, request: Request): Promise<void> {
  const { issuer, resource } = server.issuer;
  const response = await server.send(request);
  expectEqual(response.status, 200, `the status of ${request.url}`);
  expectThat(
    response.headers.get("content-type")?.startsWith("application/json") === true,
    "metadata are JSON",
  );
  const metadata = await readObject(response);
  expectEqual(metadata.resource, resource, "resource, as clients compare it");
  expectEqual(metadata.authorization_servers, [issuer], "authorization_servers");
  const scopes: readonly unknown[] = Array.isArray(metadata.scopes_supported)
    ? metadata.scopes_supported
    : [];
  expectThat(!scopes.includes("offline_access"), "scopes_supported has no offline_access");
}

export const metadataCases: readonly ProtectedServerCase[] = [
  {
    name: "serves metadata at the well-known URL with the path and at the root",
    body: async (server) => {
      for (const url of urlsOf(server)) await expectMetadata(server, new Request(url));
    },
  },
  {
    name: "serves the same metadata for any Host and any forwarded host",
    body: async (server) => {
      const headers = {
        "x-forwarded-host": "evil.example.com",
        forwarded: "host=evil.example.com",
      };
      for (const url of urlsOf(server)) await expectMetadata(server, new Request(url, { headers }));
    },
  },
  {
    name: "serves metadata to web pages of any origin",
    body: async (server) => {
      const headers = { origin: "https://app.example.com" };
      for (const url of urlsOf(server)) {
        const response = await server.send(new Request(url, { headers }));
        const allowed = response.headers.get("access-control-allow-origin") ?? "";
        expectThat(["*", headers.origin].includes(allowed), `web pages may read ${url}`);
      }
    },
  },
  {
    name: "challenges a request without a token, without an error, and with the metadata",
    body: async (server) => {
      const response = await server.send(createRequest(server, {}));
      const url = await expectRefused(response, { status: 401 });
      await expectMetadata(server, new Request(url));
    },
  },
  {
    name: "challenges credentials of another scheme like none",
    body: async (server) => {
      const request = createRequest(server, { authorization: "Basic YW5hOnNlY3JldA==" });
      await expectRefused(await server.send(request), { status: 401 });
    },
  },
  {
    name: "does not accept a token in the query of the URL",
    body: async (server) => {
      const { url, method, headers } = createRequest(server, {});
      const body = await createRequest(server, {}).text();
      const token = await server.issuer.token({ scope: server.tool.scope });
      const request = new Request(`${url}?access_token=${token}`, { method, headers, body });
      await expectRefused(await server.send(request), { status: 401 });
    },
  },
  {
    name: "refuses the methods GET and DELETE without a token",
    body: async (server) => {
      for (const method of ["GET", "DELETE"]) {
        const headers = { "mcp-session-id": "none", accept: "text/event-stream" };
        const response = await server.send(
          new Request(server.issuer.resource, { method, headers }),
        );
        expectThat([401, 404, 405].includes(response.status), `${method} is refused`);
      }
    },
  },
];
