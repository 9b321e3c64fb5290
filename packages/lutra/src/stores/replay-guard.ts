/**
 * Remembers what may be used only once.
 *
 * @spec basic/patterns/mrtr#server-requirements-basic-workflow
 */

export interface ReplayGuard {
  /**
   * Claims `id` for `ttlMs` milliseconds. Resolves to true for the first claim and to false for
   * every later one. Replicas that answer for each other must share one guard.
   */
  readonly claim: (id: string, ttlMs: number) => boolean | Promise<boolean>;
  /** True when every replica sees the claims of every other. */
  readonly isShared: boolean;
}

export interface MemoryReplayGuardOptions {
  /** How many claims are kept; a claim beyond that is refused. @default 100000 */
  readonly maxClaims?: number;
  /** The clock, in milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** A guard in the memory of one process. */
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
