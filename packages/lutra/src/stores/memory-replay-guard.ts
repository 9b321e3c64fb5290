/** A replay guard in the memory of one process. */
import type { ReplayGuard } from "./replay-guard.ts";

export interface MemoryReplayGuardOptions {
  /** Maximum number of claims; further ones are refused. @default 100000 */
  readonly maxClaims?: number;
  /** Maximum number of claims of one caller. @default a tenth of maxClaims */
  readonly maxClaimsPerCaller?: number;
  /** The clock, in milliseconds. @default Date.now */
  readonly now?: () => number;
}

interface Claim {
  readonly id: string;
  readonly caller: string | undefined;
  readonly expires: number;
}

/** Creates a guard in the memory of this process. */
export function createMemoryReplayGuard(options: MemoryReplayGuardOptions = {}): ReplayGuard {
  const { maxClaims = 100_000, now = Date.now } = options;
  const { maxClaimsPerCaller = Math.ceil(maxClaims / 10) } = options;
  const claimed = new Set<string>();
  const counts = new Map<string | undefined, number>();
  /** All claims, the next to expire first. */
  const claims: Claim[] = [];

  function count(caller: string | undefined, change: number): void {
    const next = (counts.get(caller) ?? 0) + change;
    if (next > 0) counts.set(caller, next);
    else counts.delete(caller);
  }

  function dropExpired(time: number): void {
    const kept = claims.findIndex(({ expires }) => expires > time);
    for (const { id, caller } of claims.splice(0, kept < 0 ? claims.length : kept)) {
      claimed.delete(id);
      count(caller, -1);
    }
  }

  /** Adds a claim. Most expire after all earlier ones, so its place is found from the end. */
  function add(claim: Claim): void {
    const place = claims.findLastIndex(({ expires }) => expires <= claim.expires) + 1;
    claims.splice(place, 0, claim);
    claimed.add(claim.id);
    count(claim.caller, 1);
  }

  function isFull(caller: string | undefined): boolean {
    if (claims.length >= maxClaims) return true;
    return caller !== undefined && (counts.get(caller) ?? 0) >= maxClaimsPerCaller;
  }

  return {
    isShared: false,
    fullForMs: (caller) => {
      const time = now();
      dropExpired(time);
      if (!isFull(caller)) return undefined;
      const isAll = claims.length >= maxClaims;
      const next = claims.find((claim) => isAll || claim.caller === caller);
      return (next?.expires ?? time) - time;
    },
    claim: (id, ttlMs, caller) => {
      const time = now();
      dropExpired(time);
      if (claimed.has(id) || isFull(caller)) return false;
      add({ id, caller, expires: time + ttlMs });
      return true;
    },
  };
}
