/** URLs whose connections no other party can read. */
import { isLoopbackHost } from "../fetch/public-address.ts";

/** Returns true for a URL of a program on this machine. */
export function isLoopback({ hostname }: URL): boolean {
  return isLoopbackHost(hostname);
}

/**
 * Returns true for `https`, and for `http` on loopback. A URL with a user name is neither, since it shows
 * a host other than the one it leads to.
 *
 * @spec basic/authorization/security-considerations#communication-security
 */
export function isProtected(url: URL): boolean {
  if (url.username !== "" || url.password !== "") return false;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url));
}
