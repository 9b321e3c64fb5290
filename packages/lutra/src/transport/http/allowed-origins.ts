/** The form of the entries of `allowedOrigins`. */

import { parseURL } from "../../protocol/parse-url.ts";

/**
 * Returns the reason why an entry matches no `Origin` header, or undefined. Browsers send the scheme,
 * the host in lower case, and a port that is not the default of the scheme.
 */
export function problemWithOrigin(entry: unknown): string | undefined {
  if (typeof entry === "string" && /^[a-z][a-z\d+.-]*:\/\/[^/?#\s]+$/.test(entry)) {
    // The parser gives no origin for schemes such as chrome-extension.
    const sent = /^https?:/.test(entry) ? originOf(entry) : entry;
    return sent === entry ? undefined : expected(sent);
  }
  return expected(typeof entry === "string" ? originOf(entry) : undefined);
}

function expected(origin: string | undefined): string {
  return `expected an origin as browsers send it, without a path, such as ${origin ?? "https://app.example.com"}`;
}

function originOf(text: string): string | undefined {
  const origin = parseURL(text)?.origin;
  return origin === "null" ? undefined : origin;
}
