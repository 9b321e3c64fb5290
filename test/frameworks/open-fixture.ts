/** Serves the fixture of the end-to-end scenarios by a framework. */
import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { createClient } from "lutra/client";
import type { Server } from "lutra/server";
import type { Opened } from "../e2e/run-scenarios.ts";
import { createFixture } from "../e2e/server.ts";

/** Starts the fixture server on `/mcp` of the application that `mount` creates for it. */
export async function openFixture(
  mount: (server: Server) => RequestListener | Promise<RequestListener>,
): Promise<Opened & { readonly url: string }> {
  const server = createFixture();
  const http = createHttpServer(await mount(server));
  await once(http.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
  return {
    url,
    createClient: (options) => createClient(url, options),
    http: (init) => fetch(url, init),
    end: async () => {
      http.close();
      await server.close();
    },
    close: async () => http.closeAllConnections(),
  };
}
