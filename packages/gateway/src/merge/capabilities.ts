/** What each upstream offers, as far as it was asked lately. */
import { within } from "lutra/internal";
import { readCacheHints, type ServerCapabilities } from "lutra/protocol";
import { UpstreamError } from "../delivery/upstream-error.ts";
import type { Upstream } from "../upstreams/upstream.ts";
import { askDiscover } from "./discover.ts";
import type { Caller } from "./own-request.ts";

export interface CapabilitiesOptions {
  readonly partMs: number;
  readonly now: () => number;
}

/** Gives the capabilities of an upstream; absent where it does not say. */
export type Capabilities = (
  upstream: Upstream,
  caller: Caller,
) => Promise<ServerCapabilities | undefined>;

/** The longest that capabilities are believed, in milliseconds. */
const maxAgeMs = 60_000;

interface Known {
  readonly capabilities: ServerCapabilities;
  readonly until: number;
}

export function createCapabilities({ partMs, now }: CapabilitiesOptions): Capabilities {
  const known = new Map<string, Known>();
  return async (upstream, caller) => {
    const before = known.get(upstream.name);
    if (before !== undefined && now() < before.until) return before.capabilities;
    const tooLate = () => new UpstreamError("timeout", upstream.name, "The upstream is too slow");
    const bounds = { signal: caller.context.signal, ms: partMs, tooLate };
    try {
      const result = await within(bounds, (signal) => askDiscover(upstream, caller, signal));
      const { capabilities } = result;
      const until = now() + Math.min(maxAgeMs, readCacheHints(result).ttlMs);
      known.set(upstream.name, { capabilities, until });
      return capabilities;
    } catch (error) {
      if (caller.context.signal.aborted) throw error;
      return before?.capabilities;
    }
  };
}
