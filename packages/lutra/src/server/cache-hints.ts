import type { CacheHints } from "../protocol/caching.ts";

/**
 * Checks cache hints from options.
 *
 * @throws {TypeError} for a negative or fractional time, or an unknown scope
 * @spec server/utilities/caching#cacheable-model
 */
export function requireCacheHints(where: string, hints: CacheHints | undefined): void {
  if (hints === undefined) return;
  const { ttlMs, cacheScope } = hints;
  if (!Number.isSafeInteger(ttlMs) || ttlMs < 0) {
    throw new TypeError(`${where}: cache.ttlMs: expected an integer of at least 0`);
  }
  if (cacheScope !== "public" && cacheScope !== "private") {
    throw new TypeError(`${where}: cache.cacheScope: expected "public" or "private"`);
  }
}
