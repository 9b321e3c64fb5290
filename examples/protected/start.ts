/**
 * Serves the library to callers with an access token, and calls it with three of them. The authorization
 * server is in memory:
 *
 *     node --import tsx examples/protected/start.ts
 */
import { protect } from "lutra/auth";
import { createClient, isProtocolError } from "lutra/client";
import { serveHttp } from "lutra/node";
import { createTestIssuer } from "lutra/testing";
import server from "./server.ts";

const resource = "https://library.example.com/mcp";
const issuer = await createTestIssuer({ resource });
const authenticate = protect({
  ...issuer.options,
  name: "Library",
  scopesSupported: ["books:read"],
  scopeHierarchy: { "books:write": ["books:read"] },
});
const { url, close } = await serveHttp(server, { port: 0, authenticate });

const metadata = new URL("/.well-known/oauth-protected-resource/mcp", url);
console.log("metadata:", await (await fetch(metadata)).text());

await tryAs("no token", undefined);
await tryAs("books:read", await issuer.token({ scope: "books:read" }));
await tryAs("books:write", await issuer.token({ scope: "books:write" }));
await close();

/** Calls both tools with a token, and prints the answers or the challenges. */
async function tryAs(what: string, token: string | undefined): Promise<void> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const client = createClient<typeof server>(url, { headers });
  const calls = [
    () => client.callTool("list_books", {}),
    () => client.callTool("add_book", { title: "Krabat" }),
  ];
  for (const call of calls) {
    const answer = await call().then(
      ({ content }) => JSON.stringify(content),
      (error: unknown) => {
        if (!isProtocolError(error)) throw error;
        return `${error.message} (${error.challenge})`;
      },
    );
    console.log(`${what}: ${answer}`);
  }
  await client.close();
}
