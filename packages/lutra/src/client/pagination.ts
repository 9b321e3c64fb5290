/**
 * Collects the pages of a list.
 *
 * @spec server/utilities/pagination
 */
import { cacheStatusOf, setCacheStatus } from "../middleware/cache-status.ts";
import { type CacheableResult, readCacheHints } from "../protocol/caching.ts";
import { isProtocolError } from "../protocol/errors.ts";
import { sizeOfJSON } from "../protocol/json.ts";
import { malformed } from "../protocol/method.ts";
import { maxCursorLength } from "../protocol/pagination.ts";

interface Page extends CacheableResult {
  readonly nextCursor?: string;
}

export interface Pages<P extends Page> {
  /** The member with the entries. */
  readonly field: keyof P & string;
  readonly fetchPage: (cursor: string | undefined) => Promise<P>;
  /** Removes cached pages, after a cursor has become invalid. */
  readonly forget: () => Promise<void>;
  readonly maxPages: number;
  /** Maximum size of all pages in memory, in bytes. */
  readonly maxBytes: number;
}

/**
 * Returns all pages as one. It expires with the first of its pages, and is private if one page is.
 *
 * @spec server/utilities/caching#interaction-with-pagination
 */
export async function collectPages<P extends Page>(pages: Pages<P>): Promise<P> {
  const position: Position = { cursor: undefined };
  const collected = await fetchPages(pages, position).catch(async (error) => {
    if (position.cursor === undefined || !isInvalidParams(error)) throw error;
    await pages.forget();
    return fetchPages(pages, { cursor: undefined });
  });
  return joined(collected, pages.field);
}

/** The cursor of the page that is fetched. */
interface Position {
  cursor: string | undefined;
}

async function fetchPages<P extends Page>(pages: Pages<P>, position: Position): Promise<P[]> {
  const { fetchPage, maxPages, maxBytes, field } = pages;
  const collected: P[] = [];
  let bytes = 0;
  const seen = new Set<string>();
  do {
    const page = await fetchPage(position.cursor);
    collected.push(page);
    bytes += sizeOfJSON(page, maxBytes);
    if (bytes > maxBytes) {
      throw malformed(`${field}: expected at most ${maxBytes} bytes in all pages (maxListBytes)`);
    }
    // Any string is a cursor, even an empty one.
    const cursor = page.nextCursor ?? undefined;
    if (cursor !== undefined && cursor.length > maxCursorLength) {
      throw malformed(`nextCursor: expected at most ${maxCursorLength} characters`);
    }
    if (cursor !== undefined && seen.has(cursor)) {
      throw malformed(`${field}: the server returned the same cursor twice`);
    }
    if (cursor !== undefined && collected.length === maxPages) {
      throw malformed(`${field}: expected at most ${maxPages} pages (maxPages)`);
    }
    if (cursor !== undefined) seen.add(cursor);
    position.cursor = cursor;
  } while (position.cursor !== undefined);
  return collected;
}

/** Returns true when the server no longer accepts a cursor that it has returned. */
function isInvalidParams(error: unknown): boolean {
  return isProtocolError(error) && error.peer && error.reason === "invalidParams";
}

function joined<P extends Page>(pages: readonly P[], field: keyof P & string): P {
  const [first] = pages as readonly [P];
  if (pages.length === 1) return first;
  const hints = pages.map(readCacheHints);
  const statuses = pages.map(cacheStatusOf);
  const { nextCursor, ...rest } = first;
  const all = {
    ...rest,
    [field]: pages.flatMap((page) => page[field] as readonly unknown[]),
    ttlMs: Math.min(...hints.map(({ ttlMs }) => ttlMs)),
    cacheScope: hints.every(({ cacheScope }) => cacheScope === "public") ? "public" : "private",
  } as unknown as P;
  if (statuses.includes("stale")) return setCacheStatus(all, "stale");
  return setCacheStatus(all, statuses.every((status) => status === "fresh") ? "fresh" : undefined);
}
