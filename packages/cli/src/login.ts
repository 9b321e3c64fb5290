/** `lutra login`: signs in to a server. */
import type { OAuth } from "lutra/auth/client";
import { createClient, isProtocolError } from "lutra/client";
import { CommandError } from "./command-error.ts";
import { type CommandLine, integerOption, listOption } from "./command-line.ts";
import { version } from "./own-version.ts";
import { signInNameOf } from "./sign-in-name.ts";
import { stopSignal } from "./stop-signal.ts";
import { explained, parseServer, userAuthorization } from "./user-authorization.ts";

export async function login(line: CommandLine): Promise<number> {
  const { values, options } = line;
  const server = parseServer("login", values[0] ?? "");
  const name = signInNameOf(line);
  const port = integerOption(line, "port", { least: 0, most: 65_535, fallback: 0 });
  const auth = userAuthorization({
    scopes: listOption(line, "scope"),
    client: registeredClient(options),
    name,
    ...(port !== 0 && { port }),
    printsURL: options["print-url"] === true,
  });
  const stop = new AbortController();
  void stopSignal().then(() => stop.abort());
  await explained(signIn(server, auth, stop.signal));
  const as = name === undefined ? "" : ` as ${name}`;
  console.log(`Signed in to ${server.origin}${server.pathname}${as}`);
  return 0;
}

/**
 * Sends a request to the server, whose challenge determines the sign-in. A server that answers without
 * a token may still offer more to users who have signed in.
 */
async function signIn(server: URL, auth: OAuth, signal: AbortSignal): Promise<void> {
  const client = createClient(server, { auth, clientInfo: { name: "lutra", version } });
  try {
    await client.discover({ signal }).catch((error) => {
      if (!isProtocolError(error)) throw error;
    });
  } finally {
    await client.close();
  }
  if (!(await auth.isSignedIn(server))) await auth.signIn(server, { signal });
}

function registeredClient(options: CommandLine["options"]) {
  const { issuer, "client-id": clientId } = options;
  if (typeof issuer === "string" && typeof clientId === "string") return { issuer, clientId };
  if (issuer === undefined && clientId === undefined) return undefined;
  throw new CommandError("login: expected --client-id and --issuer together", 2);
}
