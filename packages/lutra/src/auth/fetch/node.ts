/** The guarded fetch for Node: the addresses that were checked are the ones that are connected to. */
import { type LookupAddress, lookup } from "node:dns";
import type { LookupFunction } from "node:net";
import { Agent, fetch as undiciFetch } from "undici";
import { createConnector } from "../../transport/http/undici-connector.ts";
import { type GuardedFetch, guardedFetchOver, type Network, notPublic } from "./guarded-fetch.ts";
import { type AddressRule, isPermittedAddress } from "./public-address.ts";

/** Maximum number of connections to one origin. */
const maxConnections = 8;

/** Creates a network that resolves names with `resolve`. */
export function nodeNetwork(resolve: LookupFunction = lookup): Network {
  return (rules) => {
    const limits = { connections: maxConnections, maxHeaderSize: 16_384 };
    // Two agents, so that no connection to an unchecked address serves a URL of a peer.
    const connect = createConnector({ lookup: checkedLookup(resolve, rules) });
    const checked = new Agent({ ...limits, connect });
    const trusted = new Agent({ ...limits, connect: createConnector({ lookup: resolve }) });
    return (url, { headers, ...init }, isTrusted) => {
      const dispatcher = isTrusted ? trusted : checked;
      return undiciFetch(url, { ...init, headers: [...headers], dispatcher });
    };
  };
}

/**
 * Wraps a lookup so that it fails for a name with an address that is not permitted. A name that also
 * has public addresses fails, too, because its owner can answer differently the next time.
 */
export function checkedLookup(resolve: LookupFunction, rule: AddressRule): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      const addresses: LookupAddress[] = Array.isArray(found) ? found : [];
      const [first] = addresses;
      if (error !== null) return callback(error, []);
      if (first === undefined || !addresses.every((one) => isPermittedAddress(one.address, rule))) {
        return callback(notPublic(hostname), []);
      }
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

/**
 * Creates a `fetch` for URLs that a peer supplies, such as those of metadata, key sets and icons. It
 * sends requests to public addresses over `https` only, and its response is complete: at most
 * `maxResponseBytes`, within `timeoutMs`.
 *
 * @throws {TypeError} for an invalid option. The fetch rejects with a `TransportError`, whose reason is
 *   `refused` for a URL, an address or a redirect that is not permitted
 * @example
 * ```ts
 * const fetchSafely = guardedFetch({ maxResponseBytes: 5120 });
 * const metadata = await (await fetchSafely(clientId)).json();
 * ```
 */
export const guardedFetch: GuardedFetch = guardedFetchOver(nodeNetwork());
