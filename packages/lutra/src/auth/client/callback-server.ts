/** The server on loopback to which the browser returns after a sign-in. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { parseURL } from "../../protocol/parse-url.ts";
import { within } from "../../time/within.ts";
import { AuthorizationError } from "./authorization-error.ts";

/** Maximum size of the request with which the browser returns, in bytes. */
const maxHeaderSize = 16_384;

export interface CallbackOptions {
  readonly host: string;
  readonly path: string;
  /** The ports to listen on, the preferred one first. */
  readonly ports: readonly number[];
  /** True when no other port may be used. */
  readonly isFixed: boolean;
}

interface CallbackWait {
  readonly state: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

export interface Callback {
  readonly redirectUri: string;
  /** Resolves to the parameters of the response with this state. */
  readonly wait: (wait: CallbackWait) => Promise<URLSearchParams>;
  readonly close: () => Promise<void>;
}

/** Begins to listen for the return of the browser. */
export async function receiveCallback(options: CallbackOptions): Promise<Callback> {
  const { host, path } = options;
  const server = createServer({ maxHeaderSize });
  const port = await listen(server, options);
  const redirectUri = `http://${host}:${port}${path}`;
  return {
    redirectUri,
    wait: ({ state, timeoutMs: ms, signal }) => {
      const message = `the user did not sign in within ${ms / 1000} s; start again`;
      const tooLate = () => new AuthorizationError("sign_in_timeout", message);
      const arrives = () =>
        new Promise<URLSearchParams>((resolve) => {
          server.on("request", (request, response) => {
            const parameters = parametersOf(request, { redirectUri, state });
            answer(response, parameters);
            if (parameters !== undefined) resolve(parameters);
          });
        });
      return within({ signal, ms, tooLate }, arrives);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        // A browser may open a connection that it never uses.
        setTimeout(() => server.closeAllConnections(), closeMs).unref();
      }),
  };
}

/** Time for the last page to reach the browser, in milliseconds. */
const closeMs = 500;

/** Listens on the first port that is free, or else on any, unless one is prescribed. */
async function listen(server: Server, { host, ports, isFixed }: CallbackOptions): Promise<number> {
  const candidates = isFixed ? ports : [...ports, 0];
  for (const port of candidates) {
    if (await listens(server, host, port)) return (server.address() as AddressInfo).port;
  }
  throw new AuthorizationError(
    "unsupported",
    `browserSignIn: cannot listen on the port ${ports.join(", ")} of ${host}; end the program that uses it`,
  );
}

function listens(server: Server, host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const onError = () => resolve(false);
    server.once("error", onError);
    server.listen(port, host.replace(/^\[|\]$/g, ""), () => {
      server.off("error", onError);
      resolve(true);
    });
  });
}

/** Returns the parameters of a request, or `undefined` for one that is not the expected response. */
function parametersOf(
  { method, url = "", headers }: IncomingMessage,
  expected: { readonly redirectUri: string; readonly state: string },
): URLSearchParams | undefined {
  const own = new URL(expected.redirectUri);
  const target = parseURL(url, own);
  if (method !== "GET" || headers.host !== own.host || target === undefined) return undefined;
  if (target.origin !== own.origin || target.pathname !== own.pathname) return undefined;
  // A page that does not know the state must not be able to end the sign-in.
  return target.searchParams.get("state") === expected.state ? target.searchParams : undefined;
}

function answer(response: ServerResponse, parameters: URLSearchParams | undefined): void {
  const text =
    parameters === undefined
      ? "This page belongs to no sign-in."
      : parameters.has("error")
        ? "You have not been signed in. You can close this page; the program shows the reason."
        : "You have signed in. You can close this page, and return to the program.";
  response.writeHead(parameters === undefined ? 404 : 200, {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    connection: "close",
  });
  response.end(`<!doctype html><meta charset="utf-8"><title>Sign-in</title><p>${text}</p>\n`);
}
