/**
 * Continues with a value that is available now or later.
 *
 * A handler that awaits nothing is answered in the same turn of the event loop, because each
 * promise on the path of a request costs a turn of the microtask queue.
 * See docs/decisions/0010-maybe-promises.md.
 */

/** Returns true for any thenable, including the promises of other libraries. */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === "function";
}

/**
 * Calls `next` with `value`: at once, or when its promise has resolved.
 *
 * @param failed Called in place of `next` with the reason of a rejected promise
 */
export function chain<T, R>(
  value: T | PromiseLike<T>,
  next: (value: T) => R | Promise<R>,
  failed?: (reason: unknown) => R | Promise<R>,
): R | Promise<R> {
  return isThenable(value) ? Promise.resolve(value).then(next, failed) : next(value);
}

/** As `chain` with the value of `work`. Also calls `failed` with an error that `work` throws at once. */
export function chainCall<T, R>(
  work: () => T | PromiseLike<T>,
  next: (value: T) => R | Promise<R>,
  failed: (reason: unknown) => R | Promise<R>,
): R | Promise<R> {
  let value: T | PromiseLike<T>;
  try {
    value = work();
  } catch (error) {
    return failed(error);
  }
  return chain(value, next, failed);
}
