/**
 * The guarded fetch for runtimes without access to the resolver. A host that is a literal address is
 * checked. A name is not, so that a name can lead to a private address where the platform has any:
 * Workers and most edge platforms have none.
 */
import { type GuardedFetch, guardedFetchOver, type Network } from "./guarded-fetch.ts";

const platformNetwork: Network = () => (url, init) => fetch(url, init);

/**
 * Creates a `fetch` for URLs that a peer supplies, such as those of metadata, key sets and icons. It
 * sends requests over `https` only, and its response is complete: at most `maxResponseBytes`, within
 * `timeoutMs`. A literal address must be public; the addresses of a name are not checked.
 *
 * @throws {TypeError} for an invalid option. The fetch rejects with a `TransportError`, whose reason is
 *   `refused` for a URL, an address or a redirect that is not permitted
 */
export const guardedFetch: GuardedFetch = guardedFetchOver(platformNetwork);
