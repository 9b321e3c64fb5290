/**
 * The four lists: all entries, or one page.
 *
 * @spec server/utilities/pagination
 */
import { cacheStatusOf, setCacheStatus } from "../middleware/cache-status.ts";
import type { Caching } from "../middleware/caching.ts";
import type { CacheableResult } from "../protocol/caching.ts";
import { withSafeIcons } from "../protocol/icons.ts";
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
  const { onWarning } = sender.options;
  const withEntries: Lists["withEntries"] = (result, field, entries) =>
    entries === result[field]
      ? result
      : setCacheStatus({ ...result, [field]: entries }, cacheStatusOf(result));
  const page: Lists["page"] = async (method, cursor, options = noOptions) => {
    const params = cursor === undefined ? {} : { cursor };
    const result = await send(sender, { method, params, options });
    const unsafe = Object.entries(result).find(([, list]) => hasUnsafeIcons(list));
    if (unsafe === undefined) return result;
    onWarning(`${method.name}: icons with unsafe addresses are omitted`);
    const [field, list] = unsafe;
    const safe = (list as readonly unknown[]).map(withSafeIcons);
    return withEntries(result, field as never, safe as never);
  };
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
    withEntries,
  };
}

/** @spec basic/index#icons */
function hasUnsafeIcons(list: unknown): boolean {
  return Array.isArray(list) && list.some((entry) => withSafeIcons(entry) !== entry);
}
