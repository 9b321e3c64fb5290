/** The token of the link that the program prints. */
import { fetchJson } from "./api.ts";

/** Returns the token of a link or of its fragment, or undefined. */
export function tokenIn(text: string): string | undefined {
  return /#token=([\w-]+)/.exec(text)?.[1];
}

/** Exchanges the token for a cookie that scripts can't read. */
export async function exchangeToken(token: string): Promise<void> {
  await fetchJson("session", { token });
}
