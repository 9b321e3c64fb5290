/**
 * A registry that serves the packages of this repository, packed, and passes other requests on to the
 * registry that npm uses here. `npm install lutra` in a container then needs no settings but its URL.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";

/** A packed package: its manifest, and the path of its archive. */
export interface Packed {
  readonly manifest: { readonly name: string; readonly version: string };
  readonly tarball: string;
}

/** A registry that runs until `close`. */
export interface Registry {
  readonly url: string;
  close(): void;
}

/** Starts a registry on a free port of the loopback interface, in front of the one at `upstream`. */
export async function startRegistry(packs: readonly Packed[], upstream: string): Promise<Registry> {
  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) => response.writeHead(502).end(error.message));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { url, close: () => server.close() };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent((request.url ?? "").slice(1));
    const own = packs.find(({ manifest }) => manifest.name === path);
    if (own !== undefined) return void response.end(JSON.stringify(documentOf(own, url)));
    const archive = packs.find(({ tarball }) => path === `-/${basename(tarball)}`);
    if (archive !== undefined) return void response.end(readFileSync(archive.tarball));
    await pass(new URL(request.url?.slice(1) ?? "", upstream), request, response);
  }
}

/** Returns the document of a package that has one version. */
function documentOf({ manifest, tarball }: Packed, url: string) {
  const hash = createHash("sha512").update(readFileSync(tarball)).digest("base64");
  const dist = { tarball: `${url}-/${basename(tarball)}`, integrity: `sha512-${hash}` };
  return {
    name: manifest.name,
    "dist-tags": { latest: manifest.version },
    versions: { [manifest.version]: { ...manifest, dist } },
  };
}

/** Answers with the response of the other registry. npm itself replaces the host of its archives. */
async function pass(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { accept = "*/*" } = request.headers;
  const answer = await fetch(url, { headers: { accept } });
  const type = answer.headers.get("content-type") ?? "application/octet-stream";
  response.writeHead(answer.status, { "content-type": type });
  response.end(new Uint8Array(await answer.arrayBuffer()));
}
