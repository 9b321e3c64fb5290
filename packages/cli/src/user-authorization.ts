/** The authorization of the user, whose tokens all commands share. */
import {
  browserSignIn,
  createFileTokenStore,
  type OAuth,
  oauth,
  type RegisteredClient,
} from "lutra/auth/client";
import { isTransportError } from "lutra/client";
import { CommandError } from "./command-error.ts";

interface UserAuthorizationOptions {
  readonly scopes?: readonly string[];
  readonly client?: RegisteredClient | undefined;
  readonly port?: number | undefined;
  /** Prints the URL of the page instead of opening the browser. */
  readonly printsURL?: boolean;
}

/** Creates the authorization of the user, with the tokens in a file. */
export function userAuthorization(options: UserAuthorizationOptions = {}): OAuth {
  const { scopes = [], client, port, printsURL = false } = options;
  const grant = browserSignIn({
    clientName: "lutra",
    ...(client && { clients: [client] }),
    ...(port !== undefined && { port }),
    ...(printsURL && { open: (url) => console.error(`Sign in in your browser: ${url}`) }),
  });
  return oauth({ grant, scopes, store: createFileTokenStore() });
}

/** Parses the URL of a server. */
export function parseServer(command: string, text: string): URL {
  if (URL.canParse(text)) return new URL(text);
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
