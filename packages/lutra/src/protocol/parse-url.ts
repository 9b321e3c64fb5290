/**
 * Parses a URL. Returns undefined for text that is not a URL, and for values of other types.
 *
 * Used instead of `URL.canParse`: once Node 20 has optimised a caller, it returns false for URLs with
 * characters from U+0080 to U+00FF.
 */
export function parseURL(value: unknown, base?: string | URL): URL | undefined {
  if (typeof value !== "string" && !(value instanceof URL)) return undefined;
  try {
    return new URL(value, base);
  } catch {
    return undefined;
  }
}
