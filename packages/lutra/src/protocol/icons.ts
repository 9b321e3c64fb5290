/**
 * Icons of implementations, tools, prompts and resources.
 *
 * @spec basic/index#icons
 */

export interface Icon {
  /** An `https:` or `data:` URI. */
  readonly src: string;
  readonly mimeType?: string;
  /** For instance `["48x48"]`, or `["any"]` for scalable formats. */
  readonly sizes?: readonly string[];
  readonly theme?: "light" | "dark";
}

/**
 * True for icon addresses that a consumer may load: `https:`, and `data:` with an image type.
 * Consumers still fetch without credentials, from the server's own origin, and bound the size.
 */
export function isSafeIconSource(src: string): boolean {
  return /^https:\/\//i.test(src) || /^data:image\/[a-z0-9.+-]+[;,]/i.test(src);
}
