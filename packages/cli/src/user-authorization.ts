/** The authorization of the user, whose tokens all commands share. */

import {
  browserSignIn,
  createFileTokenStore,
  type OAuth,
  oauth,
  type RegisteredClient,
} from "lutra/auth/client";
import { isTransportError } from "lutra/client";
import { parseURL } from "lutra/internal";
import { TransportError } from "lutra/protocol";
import { CommandError } from "./command-error.ts";
import { defaultSignIn } from "./sign-in-name.ts";

interface UserAuthorizationOptions {
  readonly scopes?: readonly string[];
  readonly client?: RegisteredClient | undefined;
  readonly port?: number | undefined;
  /** The name of the sign-in. @default the one without a name */
  readonly name?: string | undefined;
  /** Shows the page for the user. @default opens the browser, or prints the URL with `printsURL` */
  readonly open?: (url: string) => void;
  /** Prints the URL of the page instead of opening the browser. */
  readonly printsURL?: boolean;
}

/** Creates the authorization of the user, with the tokens in a file. */
export function userAuthorization(options: UserAuthorizationOptions = {}): OAuth {
  const { scopes = [], client, port, name = defaultSignIn, printsURL = false } = options;
  const print = (url: string) => console.error(`Sign in in your browser: ${url}`);
  const open = options.open ?? (printsURL ? print : undefined);
  const grant = browserSignIn({
    clientName: "lutra",
    ...(client && { clients: [client] }),
    ...(port !== undefined && { port }),
    ...(open !== undefined && { open }),
  });
  const user = name === defaultSignIn ? {} : { user: name };
  return oauth({ grant, scopes, store: createFileTokenStore(), ...user });
}

/**
 * Returns the authorization with a sign-in that `lutra login` has stored. It opens no browser.
 *
 * @throws {CommandError} if there is no such sign-in
 */
export async function storedSignIn(name: string, server: string): Promise<OAuth> {
  const flag = name === defaultSignIn ? "" : ` --as ${name}`;
  const remedy = `run: lutra login ${server}${flag}`;
  const auth = userAuthorization({
    name,
    open: () => {
      throw new TransportError(
        "unauthorized",
        `the sign-in ${name} has ended, or lacks a scope that the request needs; ${remedy}`,
      );
    },
  });
  if (await explained(auth.isSignedIn(server))) return auth;
  throw new CommandError(`not signed in as ${name}; ${remedy}`);
}

/** Parses the URL of a server. */
export function parseServer(command: string, text: string): URL {
  const url = parseURL(text);
  if (url !== undefined) return url;
  throw new CommandError(
    `${command}: ${text}: expected a URL, such as https://mcp.example.com/mcp`,
    2,
  );
}

/** Runs work whose failures are messages for the user. */
export async function explained<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const isKnown = isTransportError(error) || error.name === "KeyringError";
    if (isKnown) throw new CommandError(error.message);
    throw error instanceof TypeError ? new CommandError(error.message, 2) : error;
  }
}
