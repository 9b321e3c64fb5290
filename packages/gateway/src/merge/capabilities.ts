/** The capabilities of upstreams, kept for a short time. */
import { within } from "lutra/internal";
import { readCacheHints, type ServerCapabilities } from "lutra/protocol";
import { UpstreamError } from "../delivery/upstream-error.ts";
import type { Upstream } from "../upstreams/upstream.ts";
import { askDiscover } from "./discover.ts";
import type { ReceivedRequest } from "./own-request.ts";

export interface CapabilitiesOptions {
  /** Maximum time for `server/discover`, in milliseconds. */
  readonly partMs: number;
  readonly now: () => number;
}

/** Returns the capabilities of an upstream, or undefined if they are not known. */
export type Capabilities = (
  upstream: Upstream,
  received: ReceivedRequest,
) => Promise<ServerCapabilities | undefined>;

/** Maximum time for which capabilities are kept, in milliseconds. */
const maxAgeMs = 60_000;

interface KnownCapabilities {
  readonly capabilities: ServerCapabilities;
  readonly expiresAt: number;
}

export function createCapabilities({ partMs, now }: CapabilitiesOptions): Capabilities {
  const known = new Map<string, KnownCapabilities>();
  return async (upstream, received) => {
    const before = known.get(upstream.name);
    if (before !== undefined && now() < before.expiresAt) return before.capabilities;
    const { signal } = received.context;
    const message = `The upstream did not answer within ${partMs} ms`;
    const tooLate = () => new UpstreamError("timeout", upstream.name, message);
    const bounds = { signal, ms: partMs, tooLate };
    try {
      const result = await within(bounds, (signal) => askDiscover(upstream, received, signal));
      const { capabilities } = result;
      const expiresAt = now() + Math.min(maxAgeMs, readCacheHints(result).ttlMs);
      known.set(upstream.name, { capabilities, expiresAt });
      return capabilities;
    } catch (error) {
      if (signal.aborted) throw error;
      // Outdated capabilities are a better guess than none.
      return before?.capabilities;
    }
  };
}
