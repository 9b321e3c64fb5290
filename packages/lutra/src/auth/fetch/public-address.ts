/**
 * The addresses to which a URL of a peer may lead: those that the public internet routes.
 *
 * @spec basic/authorization/security-considerations
 */
import ipaddr from "ipaddr.js";

/** The addresses that a guarded fetch connects to. */
export interface AddressRule {
  /** True to permit loopback addresses, too. */
  readonly loopback: boolean;
}

/** Returns true for an address that is public, or loopback where the rule permits it. */
export function isPermittedAddress(address: string, { loopback }: AddressRule): boolean {
  if (!ipaddr.isValid(address)) return false;
  // An IPv4 address that is mapped into IPv6 is checked as the IPv4 address that it stands for.
  const parsed = ipaddr.process(address);
  const range = parsed.range();
  if (loopback && range === "loopback") return true;
  return range === "unicast" && (parsed.kind() === "ipv4" || parsed.match(globalUnicast));
}

/** The only part of IPv6 whose addresses are public. Overlay networks use other parts. */
const globalUnicast = ipaddr.parseCIDR("2000::/3");

/** Returns true for a loopback address, and for the names that stand for one. */
export function isLoopbackHost(host: string): boolean {
  const name = unbracketed(host);
  if (/^(?:.+\.)?localhost\.?$/i.test(name)) return true;
  return ipaddr.isValid(name) && ipaddr.process(name).range() === "loopback";
}

/** Returns true for a host that is an address and no name. `host` is that of a parsed URL. */
export function isAddress(host: string): boolean {
  return ipaddr.isValid(unbracketed(host));
}

/** Returns the host of a URL without the brackets of an IPv6 address. */
export function unbracketed(host: string): string {
  return host.replace(/^\[(.*)\]$/, "$1");
}
