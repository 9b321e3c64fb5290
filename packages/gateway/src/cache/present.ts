/** What a caller is told of a response that was kept for a while. */
import type { CacheStatus } from "lutra/middleware";
import { type EncodedResult, type Result, resultBytes } from "lutra/protocol";

/** The member of `_meta` that says `stale`; absent from what is fresh. */
export const cacheMetaKey = "dev.lutra/cache";

/** What was made of a kept result last; the next caller most often gets the same. */
const shown = new WeakMap<Result, EncodedResult>();

/**
 * A client counts `ttlMs` from when it receives a result. So it gets what is left of it, as HTTP
 * does with `Age`, or each cache on the way would add its own time. What is left is rounded down,
 * to whole seconds and near the end to tenths, so that callers at about the same time get the same
 * bytes. A stale response has nothing left, and says so in `_meta`.
 *
 * @spec server/utilities/caching#freshness-calculation
 */
export function present(kept: Result, status: CacheStatus, freshMs: number): EncodedResult {
  const ttlMs = status === "fresh" ? roundedDown(freshMs) : 0;
  const last = shown.get(kept);
  if (last !== undefined && last.ttlMs === ttlMs && isMarked(last) === (status === "stale")) {
    return last;
  }
  const result = status === "fresh" ? withTtl(kept, ttlMs) : stale(kept);
  shown.set(kept, result);
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

/** Changes the one number, in the object and in its bytes. */
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

/** Replaces what occurs once; `undefined` where it occurs more often, deeper in the result. */
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
