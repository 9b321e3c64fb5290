/**
 * How an exported proxy says how a request has come: as a gateway that believes no proxy. What was
 * sent about it is overwritten or dropped, since it may be made up.
 */
import { forwardedNames } from "../head/forwarded.ts";

/**
 * Headers that say something of the same kind and are dropped, for proxies that can't drop headers
 * by the beginning of their names. Those that servers are known to read.
 */
export const droppedClaims: readonly string[] = [
  "forwarded",
  "x-real-ip",
  ...["client-cert", "by", "path", "port", "prefix", "protocol", "scheme", "server", "ssl"]
    .concat("tls-client-cert", "uri", "user")
    .map((what) => `x-forwarded-${what}`),
];

/** What is sent in place of what was said; the gateway's own listener speaks without TLS, too. */
export function forwardedHeaders(variables: { readonly address: string; readonly host: string }): {
  readonly [header: string]: string;
} {
  return {
    [forwardedNames.for]: variables.address,
    [forwardedNames.proto]: "http",
    [forwardedNames.host]: variables.host,
  };
}

/** The note of proxies that drop by whole names. */
export const claimsNote =
  "X-Forwarded-*: For, Proto and Host are set, and others that are known are dropped; the rest passes";
