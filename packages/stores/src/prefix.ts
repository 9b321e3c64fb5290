/**
 * Checks the prefix of a store.
 *
 * @throws {TypeError} for a prefix other than `a` to `z`, digits and `_`, up to 40 characters
 */
export function requirePrefix(prefix: string | undefined): void {
  if (prefix === undefined || /^[a-z0-9_]{1,40}$/.test(prefix)) return;
  throw new TypeError("prefix: expected 1 to 40 characters of a to z, 0 to 9 and _");
}
