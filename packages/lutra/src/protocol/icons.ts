/**
 * Icons of implementations, tools, prompts and resources.
 *
 * @spec basic/index#icons
 */

export interface Icon {
  /** An `https:` or `data:` URI. */
  readonly src: string;
  readonly mimeType?: string;
  /** For example `["48x48"]`, or `["any"]` for scalable formats. */
  readonly sizes?: readonly string[];
  readonly theme?: "light" | "dark";
}

/**
 * Returns true for an icon address that a consumer may load: `https:`, or `data:` with an image type.
 * Consumers must still fetch without credentials, only from the server's origin, and limit the size.
 */
export function isSafeIconSource(src: string): boolean {
  return /^https:\/\//i.test(src) || /^data:image\/[a-z0-9.+-]+[;,]/i.test(src);
}
