import type { IncomingMessage } from "node:http";
import { latestVersion } from "lutra/protocol";
import { addForwarded, clientAddress } from "./forwarded-headers.ts";
import { type Head, noHead } from "./head.ts";
import type { Peers } from "./peers.ts";

/** Creates the head of a request that is refused unread. It has only the address of the client. */
export function unreadHead(req: IncomingMessage, peers: Peers): Head {
  return { ...noHead, address: clientAddress(req, peers.of(req.socket), peers) };
}

/**
 * Creates the head of a request that the gateway sends for a visitor of its page. It has the address
 * of the visitor, and none of the other headers that the browser sent.
 */
export function pageHead(req: IncomingMessage, peers: Peers, method: string): Head {
  const peer = peers.of(req.socket);
  const address = clientAddress(req, peer, peers);
  const headers: string[] = [];
  addForwarded(headers, req, { peer, client: address });
  return { ...noHead, version: latestVersion, method, headers, address };
}
