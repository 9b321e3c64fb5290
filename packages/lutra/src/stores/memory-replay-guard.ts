/** A replay guard in the memory of one process. */
import type { ReplayGuard } from "./replay-guard.ts";

export interface MemoryReplayGuardOptions {
  /** Maximum number of claims; further ones are refused. @default 100000 */
  readonly maxClaims?: number;
  /** The clock, in milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** Creates a guard in the memory of this process. */
export function createMemoryReplayGuard(options: MemoryReplayGuardOptions = {}): ReplayGuard {
  const { maxClaims = 100_000, now = Date.now } = options;
  const claims = new Map<string, number>();
  return {
    isShared: false,
    claim: (id, ttlMs) => {
      const time = now();
      const expires = claims.get(id);
      if (expires !== undefined && expires > time) return false;
      if (claims.size >= maxClaims) dropExpired(claims, time);
      if (claims.size >= maxClaims) return false;
      claims.set(id, time + ttlMs);
      return true;
    },
  };
}

function dropExpired(claims: Map<string, number>, time: number): void {
  for (const [id, expires] of claims) if (expires <= time) claims.delete(id);
}
