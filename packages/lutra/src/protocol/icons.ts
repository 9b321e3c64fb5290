/**
 * Icons of implementations, tools, prompts and resources.
 *
 * @spec basic/index#icons
 */

import { isObject } from "./json.ts";
import { requireArray } from "./known-members.ts";

export interface Icon {
  /** An `https:` or `data:` URI. */
  readonly src: string;
  readonly mimeType?: string;
  /** For example `["48x48"]`, or `["any"]` for scalable formats. */
  readonly sizes?: readonly string[];
  readonly theme?: "light" | "dark";
}

/**
 * Checks the icons of a definition.
 *
 * @param where the definition, for the message
 * @throws {TypeError} for an address that a consumer must reject
 */
export function requireSafeIcons(where: string, icons: readonly Icon[] = []): void {
  requireArray(`${where}: icons`, icons, "object");
  const unsafe = icons.find(({ src }) => !isSafeIconSource(src));
  if (unsafe === undefined) return;
  throw new TypeError(`${where}: icons: ${unsafe.src}: expected an https: URL or a data: image`);
}

/** Returns an entry of a list without icons whose addresses a consumer must reject. */
export function withSafeIcons<T>(entry: T): T {
  const icons = isObject(entry) ? entry.icons : undefined;
  if (!Array.isArray(icons) || icons.every(isSafeIcon)) return entry;
  return { ...entry, icons: icons.filter(isSafeIcon) };
}

function isSafeIcon(icon: unknown): boolean {
  return isObject(icon) && typeof icon.src === "string" && isSafeIconSource(icon.src);
}

/**
 * Returns true for an icon address that a consumer may load: `https:`, or `data:` with an image type.
 * Consumers must still fetch without credentials, only from the server's origin, and limit the size.
 */
export function isSafeIconSource(src: string): boolean {
  return /^https:\/\//i.test(src) || /^data:image\/[a-z0-9.+-]+[;,]/i.test(src);
}
