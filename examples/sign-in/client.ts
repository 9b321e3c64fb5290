/**
 * Signs in to a server, and lists its tools:
 *
 *     node --import tsx examples/sign-in/client.ts https://mcp.example.com/mcp
 *
 * The tokens are kept in a file of the user, so that the next start needs no sign-in.
 */
import { createFileTokenStore, isAuthorizationError, oauth } from "lutra/auth/client";
import { createClient } from "lutra/client";

const [url = ""] = process.argv.slice(2);
const client = createClient(url, { auth: oauth({ store: createFileTokenStore() }) });
try {
  const { tools } = await client.listTools();
  for (const { name, description = "" } of tools) console.log(name, description);
} catch (error) {
  if (!isAuthorizationError(error)) throw error;
  console.error(`${error.failure}: ${error.message}`);
  process.exitCode = 1;
} finally {
  await client.close();
}
