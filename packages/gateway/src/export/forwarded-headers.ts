/**
 * The X-Forwarded-* headers that an exported proxy sends. It trusts no proxy in front of it, so it
 * replaces or removes the headers that a client sent, because they may be forged.
 */
import { forwardedNames } from "../head/forwarded-headers.ts";

/**
 * Headers with similar claims that are removed. The list has the ones that servers are known to
 * read, for proxies that can't remove headers by prefix.
 */
export const droppedClaims: readonly string[] = [
  "forwarded",
  "x-real-ip",
  ...["client-cert", "by", "path", "port", "prefix", "protocol", "scheme", "server", "ssl"]
    .concat("tls-client-cert", "uri", "user")
    .map((what) => `x-forwarded-${what}`),
];

/** Returns the headers to send. The scheme is http, because the gateway's listener has no TLS either. */
export function forwardedHeaders(variables: { readonly address: string; readonly host: string }): {
  readonly [header: string]: string;
} {
  return {
    [forwardedNames.for]: variables.address,
    [forwardedNames.proto]: "http",
    [forwardedNames.host]: variables.host,
  };
}

/** The note for proxies that can only remove headers by full name. */
export const claimsNote =
  "X-Forwarded-*: For, Proto and Host are replaced and other known headers are removed; unknown ones are forwarded";
