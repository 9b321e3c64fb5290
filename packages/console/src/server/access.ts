/**
 * Decides who may use the console: the browser that has the token of the link, on this host, from
 * this page.
 *
 * The link has the token in its fragment, which browsers do not send. The page exchanges it for a
 * cookie that scripts can't read. Cookies are sent to all ports of a host, so a page of another port
 * could send requests with it: each request therefore also needs a header that only this page may add.
 */

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { parseURL } from "lutra/internal";
import { ApiError } from "./api-error.ts";

export interface Access {
  /** The secret of the link. */
  readonly token: string;
  /** Returns the `Set-Cookie` line for the token, or undefined for a wrong one. */
  readonly signIn: (token: string) => string | undefined;
  /** @throws {ApiError} for a request under another name, from another page or without the cookie */
  readonly requireAllowed: (req: IncomingMessage, isSignIn: boolean) => void;
}

export interface AccessOptions {
  /** The path to which the cookie is sent. */
  readonly basePath: string;
  /** Returns true for the `Host` headers under which the console may be used. */
  readonly isAllowedHost: (host: string | undefined) => boolean;
}

/** The header that the page adds to its requests. Other origins may not add it. */
const pageHeader = "lutra-console";

const secretBytes = 32;

/** Creates the token of one process. It is valid until the process ends. */
export function createAccess({ basePath, isAllowedHost }: AccessOptions): Access {
  const token = randomBytes(secretBytes).toString("base64url");
  const session = randomBytes(secretBytes).toString("base64url");
  /** Consoles at other ports of this host have cookies of other names. */
  const cookie = `lutra_console_${randomBytes(4).toString("hex")}`;

  return {
    token,
    signIn: (given) =>
      isSame(given, token)
        ? `${cookie}=${session}; Path=${basePath}; HttpOnly; SameSite=Strict`
        : undefined,
    requireAllowed: (req, isSignIn) => {
      if (!isAllowedHost(req.headers.host)) throw new ApiError(403, "Host: not allowed");
      requireOwnPage(req);
      if (!isSignIn && !isSame(cookieOf(req, cookie), session)) {
        throw new ApiError(401, "not signed in; open the link that the program printed");
      }
    },
  };
}

/** Returns true for the names of this machine. A name that only resolves to it is another one. */
export function isLoopbackHost(host = ""): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i.test(host);
}

/** Refuses requests that another page has caused. */
function requireOwnPage({ headers }: IncomingMessage): void {
  const { origin, host } = headers;
  const site = headers["sec-fetch-site"];
  const isOwnOrigin = origin === undefined || hostOf(origin) === host?.toLowerCase();
  if (!isOwnOrigin || (site !== undefined && site !== "same-origin")) {
    throw new ApiError(403, "Origin: not allowed");
  }
  if (headers[pageHeader] === undefined) throw new ApiError(403, `expected header ${pageHeader}`);
}

function hostOf(origin: string): string | undefined {
  return parseURL(origin)?.host;
}

function cookieOf({ headers }: IncomingMessage, name: string): string {
  const pairs = (headers.cookie ?? "").split(/;\s*/).map((pair) => pair.split("=", 2));
  return pairs.find(([key]) => key === name)?.[1] ?? "";
}

/** Compares in a time that does not depend on the texts. */
function isSame(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
