/** The sign-in in the browser of the user, for programs on the user's machine. */
import { isIP } from "node:net";
import { type Interact, obtainByCode } from "./authorization-code.ts";
import { receiveCallback } from "./callback-server.ts";
import { requireClientMetadataUrl } from "./client-metadata.ts";
import type { Grant } from "./grant.ts";
import { openBrowser } from "./open-browser.ts";
import { credentialsOf, type RegistrationOptions } from "./registration.ts";

export interface BrowserSignInOptions extends RegistrationOptions {
  /** The port of the redirect URI. @default the one that was registered, or else a free one */
  readonly port?: number;
  /** The host of the redirect URI. @default "127.0.0.1" */
  readonly host?: "127.0.0.1" | "localhost" | "[::1]";
  /** The path of the redirect URI. @default "/callback" */
  readonly path?: string;
  /** Shows a page to the user. @default opens the browser, and prints the URL on standard error */
  readonly open?: (url: string) => void | Promise<void>;
  /** Maximum time that the user may take, in milliseconds. @default 300000 */
  readonly timeoutMs?: number;
}

/**
 * Creates the sign-in of a program on the user's machine: it opens the browser, and the browser returns
 * to a port of this machine.
 *
 * @throws {TypeError} for an invalid option
 */
export function browserSignIn(options: BrowserSignInOptions = {}): Grant {
  const { clients = [], clientMetadataUrl, timeoutMs = 300_000 } = options;
  const { host = "127.0.0.1", port, path = "/callback" } = options;
  if (clientMetadataUrl !== undefined) requireClientMetadataUrl(clientMetadataUrl);
  if (!(timeoutMs > 0)) throw new TypeError("timeoutMs: expected a positive number");
  if (!/^\/[^?#]*$/.test(path)) {
    throw new TypeError("path: expected a path that begins with /, without query and fragment");
  }
  if (host !== "localhost" && isIP(host.replace(/^\[|\]$/g, "")) === 0) {
    throw new TypeError("host: expected 127.0.0.1, localhost or [::1]");
  }
  const { open = openBrowser } = options;
  const interact: Interact = async (registered, signal) => {
    const preferred = port === undefined ? portsOf(registered, host) : [port];
    const callback = await receiveCallback({
      host,
      path,
      ports: preferred,
      isFixed: port !== undefined,
    });
    return {
      redirectUri: callback.redirectUri,
      authorize: async (url, { state }) => {
        const parameters = callback.wait({ state, timeoutMs, signal });
        // `open` may resolve only when the browser is closed, or never.
        const opened = (async () => open(url.href))();
        return Promise.race([parameters, opened.then(() => parameters)]);
      },
      end: callback.close,
    };
  };
  return {
    isInteractive: true,
    issuers: clients.map(({ issuer }) => issuer),
    obtain: (request) => obtainByCode(interact, options, request),
    credentialsOf: (issuer, stored) => credentialsOf(options, issuer, stored),
  };
}

/** Returns the ports of registered redirect URIs, since some servers compare them exactly. */
function portsOf(registered: readonly string[], host: string): readonly number[] {
  return registered
    .map((uri) => new URL(uri))
    .filter((url) => url.hostname === host)
    .map((url) => Number(url.port));
}
