/**
 * The four lists: all entries, or one page.
 *
 * @spec server/utilities/pagination
 */
import { cacheStatusOf, setCacheStatus } from "../middleware/cache-status.ts";
import type { Caching } from "../middleware/caching.ts";
import type { CacheableResult } from "../protocol/caching.ts";
import type { Method } from "../protocol/method.ts";
import type { PaginatedParams } from "../protocol/pagination.ts";
import { collectPages } from "./pagination.ts";
import { budgetOf, type CallOptions, noOptions, type Sender, send } from "./send.ts";

interface ListResult extends CacheableResult {
  readonly nextCursor?: string;
}

type ListMethod<R extends ListResult> = Method<PaginatedParams, R>;

export interface Lists {
  readonly all: <R extends ListResult>(
    method: ListMethod<R>,
    field: keyof R & string,
    options?: CallOptions,
  ) => Promise<R>;
  readonly page: <R extends ListResult>(
    method: ListMethod<R>,
    cursor?: string,
    options?: CallOptions,
  ) => Promise<R>;
  /** Removes the pages from the cache. */
  readonly forget: (method: Method) => Promise<void>;
  /** Returns the same result with other entries. */
  readonly withEntries: <R extends ListResult, Field extends keyof R>(
    result: R,
    field: Field,
    entries: R[Field],
  ) => R;
}

export function createLists(sender: Sender, caching: Caching): Lists {
  const page: Lists["page"] = (method, cursor, options = noOptions) =>
    send(sender, { method, params: cursor === undefined ? {} : { cursor }, options });
  const forget: Lists["forget"] = ({ name }) => caching.forget({ method: name });
  return {
    page,
    forget,
    all: (method, field, options = noOptions) => {
      const budgeted = { ...options, budget: budgetOf(sender, options) };
      return collectPages({
        field,
        fetchPage: (cursor) => page(method, cursor, budgeted),
        forget: () => forget(method),
        maxPages: sender.options.maxPages,
        maxBytes: sender.options.maxListBytes,
      });
    },
    withEntries: (result, field, entries) =>
      entries === result[field]
        ? result
        : setCacheStatus({ ...result, [field]: entries }, cacheStatusOf(result)),
  };
}
