/**
 * `lutra/client` for browsers and edge platforms. Node and Deno load `node.ts`, which exports the same
 * names and adds commands and a faster HTTP client. Bun loads `bun.ts`, which adds commands.
 */
import { createHttpTransport } from "../transport/http/client-fetch.ts";
import { withEras } from "../transport/http/era-transport.ts";
import { type CreateClient, clientFactory } from "./create-client.ts";
import { connectBy } from "./target.ts";

export const createClient: CreateClient = clientFactory(
  connectBy({
    createHttpTransport: withEras(createHttpTransport, () => import("../legacy/client/index.ts")),
  }),
);

export { createHttpTransport } from "../transport/http/client-fetch.ts";
export * from "./exports.ts";
