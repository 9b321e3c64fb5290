/** IP addresses, and ranges in CIDR notation. */
import { isIP } from "node:net";

export interface AddressRange {
  readonly address: string;
  readonly family: "ipv4" | "ipv6";
  /** Number of leading bits that an address in the range shares. */
  readonly prefix: number;
}

/** Parses `10.0.0.0/8`, `fd00::/8` or a single address. Returns `undefined` for anything else. */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [address = "", bits, ...others] = text.split("/");
  const version = address.includes("%") ? 0 : isIP(address);
  if (version === 0 || others.length > 0) return undefined;
  const longest = version === 4 ? 32 : 128;
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) return undefined;
  const prefix = bits === undefined ? longest : Number(bits);
  if (prefix > longest) return undefined;
  return { address, prefix, family: version === 4 ? "ipv4" : "ipv6" };
}
