import { notice } from "./notice.ts";

/**
 * Warns if clients on other machines can connect, and nothing verifies them.
 *
 * @param remedy The settings that say who may call
 */
export function warnIfOpen(
  { isLocal }: { readonly isLocal: boolean },
  isVerified: boolean,
  remedy: string,
): void {
  if (isLocal || isVerified) return;
  notice(
    `warning: other machines can connect, and every caller is served; restrict it with ${remedy}`,
  );
}
