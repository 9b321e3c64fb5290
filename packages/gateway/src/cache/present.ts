/** Updates the freshness hints of a cached response for the caller. */
import type { CacheStatus } from "lutra/middleware";
import { type EncodedResult, type Result, resultBytes } from "lutra/protocol";
import { cacheMetaKey } from "../result-meta.ts";

/** The last version of each cached result. The next caller usually gets the same one. */
const presented = new WeakMap<Result, EncodedResult>();

/**
 * Returns a cached result with its remaining `ttlMs`. A client counts `ttlMs` from the moment it
 * receives a result; with the full value, each cache on the path would prolong it. The remaining
 * time is rounded down to seconds, or below 10 seconds to tenths of a second, so that callers at
 * about the same time get the same bytes. A stale result gets 0 and a mark in `_meta`.
 *
 * @spec server/utilities/caching#freshness-calculation
 */
export function present(kept: Result, status: CacheStatus, freshMs: number): EncodedResult {
  const ttlMs = status === "fresh" ? roundedDown(freshMs) : 0;
  const last = presented.get(kept);
  if (last !== undefined && last.ttlMs === ttlMs && isMarked(last) === (status === "stale")) {
    return last;
  }
  const result = status === "fresh" ? withTtl(kept, ttlMs) : stale(kept);
  presented.set(kept, result);
  return result;
}

function roundedDown(freshMs: number): number {
  const step = freshMs < 10_000 ? 100 : 1000;
  return Math.floor(freshMs / step) * step;
}

function isMarked({ _meta }: Result): boolean {
  return _meta?.[cacheMetaKey] !== undefined;
}

function stale(kept: Result): EncodedResult {
  const result = { ...kept, ttlMs: 0, _meta: { ...kept._meta, [cacheMetaKey]: "stale" } };
  return encoded(result, Buffer.from(JSON.stringify(result)));
}

/** Replaces `ttlMs` in the object and in its bytes. */
function withTtl(kept: EncodedResult, ttlMs: number): EncodedResult {
  const result = { ...kept, ttlMs };
  const bytes = kept[resultBytes];
  const spliced =
    bytes &&
    splice(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), {
      from: `"ttlMs":${kept.ttlMs}`,
      to: `"ttlMs":${ttlMs}`,
    });
  return encoded(result, spliced ?? Buffer.from(JSON.stringify(result)));
}

/** Replaces a text that occurs once. Returns undefined when it occurs more often, or not at all. */
function splice(
  bytes: Buffer,
  { from, to }: { readonly from: string; readonly to: string },
): Buffer | undefined {
  const at = bytes.indexOf(from);
  if (at === -1 || at !== bytes.lastIndexOf(from)) return undefined;
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(to), bytes.subarray(at + from.length)]);
}

function encoded(result: Result, bytes: Uint8Array): EncodedResult {
  return Object.freeze(Object.defineProperty(result, resultBytes, { value: bytes }));
}
