/** The options of a guarded fetch. */

import { requireArray, requireKnownMembers } from "../../protocol/known-members.ts";
import { parseURL } from "../../protocol/parse-url.ts";

/**
 * The option that permits `http` and `https` URLs of loopback hosts. Use it for development and tests
 * only: on a server, a peer could reach every program that listens on its loopback addresses.
 */
export const allowLoopback: unique symbol = Symbol.for("lutra.auth.allowLoopback");

export interface GuardedFetchOptions {
  /** Maximum size of a response body after decompression, in bytes. @default 262144 (256 KiB) */
  readonly maxResponseBytes?: number;
  /** Maximum time until the body is complete, in milliseconds. @default 10000 */
  readonly timeoutMs?: number;
  /**
   * Maximum number of redirects of a GET that are followed. Each target is checked like the first
   * URL.
   *
   * @default 0, so a redirect is refused
   */
  readonly maxRedirects?: number;
  /**
   * Origins that your configuration names, such as `https://login.internal`. Their addresses may be
   * private, and one with a loopback host may use `http`.
   *
   * @default none
   */
  readonly trustedOrigins?: readonly string[];
  /** True to permit loopback hosts, with `http` as well. @default false */
  readonly [allowLoopback]?: boolean;
}

export interface GuardedFetchRules {
  readonly maxResponseBytes: number;
  readonly timeoutMs: number;
  readonly maxRedirects: number;
  readonly trustedOrigins: ReadonlySet<string>;
  readonly loopback: boolean;
}

/**
 * Completes the options with their defaults.
 *
 * @throws {TypeError} for an unknown option, a limit that is not an integer, and an entry of
 *   `trustedOrigins` that is not an origin
 */
export function withDefaults(options: GuardedFetchOptions): GuardedFetchRules {
  const { maxResponseBytes = 262_144, timeoutMs = 10_000, maxRedirects = 0 } = options;
  const { trustedOrigins = [], [allowLoopback]: loopback = false } = options;
  const limits = { maxResponseBytes, timeoutMs, maxRedirects };
  requireKnownMembers(options, [...Object.keys(limits), "trustedOrigins"], "guardedFetch");
  for (const [name, value] of Object.entries(limits)) {
    const least = name === "maxRedirects" ? 0 : 1;
    if (Number.isInteger(value) && value >= least) continue;
    throw new TypeError(`guardedFetch: ${name}: expected an integer of at least ${least}`);
  }
  requireArray("guardedFetch: trustedOrigins", trustedOrigins, "string");
  for (const origin of trustedOrigins) {
    if (parseURL(origin)?.origin === origin) continue;
    throw new TypeError(`guardedFetch: trustedOrigins: expected an origin, got ${origin}`);
  }
  return { ...limits, trustedOrigins: new Set(trustedOrigins), loopback: loopback === true };
}
