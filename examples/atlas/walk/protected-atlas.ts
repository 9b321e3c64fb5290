/** A protected atlas in this process, with the authorization server of the tests, and a user who signs in. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { protect } from "lutra/auth";
import { browserSignIn, type OAuth, oauth } from "lutra/auth/client";
import { type ClientOf, createClient } from "lutra/client";
import { createNodeHandler } from "lutra/node";
import { signInAs } from "../../../test/sign-in/scripted-user.ts";
import type atlas from "../protected.ts";

export interface ProtectedAtlas {
  readonly url: string;
  readonly issuer: string;
  /** A client of a user who signs in when the server asks for it. */
  readonly client: ClientOf<typeof atlas>;
  readonly auth: OAuth;
  /** The scopes of the sign-ins so far. */
  readonly asked: readonly string[];
  readonly close: () => Promise<void>;
}

/** Starts the server and its authorization server. */
export async function startProtectedAtlas(): Promise<ProtectedAtlas> {
  // The URL is part of the configuration, so the port comes first.
  const http = createServer();
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
  const provider = startProvider(url, ["places:read", "trips:write"]);
  // Loaded here, since most of the walk does not need it.
  const { default: server } = await import("../protected.ts");
  const issuer = await provider.issuer;
  const authenticate = protect({ issuer, resource: url, scopes: ["places:read"] });
  http.on("request", createNodeHandler(server, { authenticate }));

  const asked: string[] = [];
  const open = async (page: string) => {
    asked.push(new URL(page).searchParams.get("scope") ?? "");
    await signInAs("ann", page);
  };
  const auth = oauth({ grant: browserSignIn({ open }) });
  const client = createClient<typeof atlas>(url, { auth });
  return {
    ...{ url, issuer, client, auth, asked },
    close: async () => {
      await client.close();
      provider.end();
      await closeServer(http);
    },
  };
}

const program = fileURLToPath(new URL("provider-process.ts", import.meta.url));

/** Starts the authorization server. */
function startProvider(url: string, scopes: readonly string[]) {
  const options = { execArgv: ["--import", "tsx"], silent: true };
  const child = fork(program, [url, ...scopes], options);
  const ended = once(child, "exit").then(() => {
    throw new Error("the authorization server has ended");
  });
  const issuer = Promise.race([once(child, "message"), ended]).then(([text]) => String(text));
  return { issuer, end: () => child.kill() };
}

async function closeServer(http: Server): Promise<void> {
  http.closeAllConnections();
  await new Promise((resolve) => http.close(resolve));
}
