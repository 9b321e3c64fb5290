/** `lutra/client` for Node.js: the exports of `index.ts`, with support for commands and undici. */
import { createHttpTransport } from "../transport/http/client-undici.ts";
import { withEras } from "../transport/http/era-transport.ts";
import { createStdioTransport } from "../transport/stdio/client.ts";
import { type CreateClient, clientFactory } from "./create-client.ts";
import { connectBy } from "./target.ts";

const load = () => import("../legacy/client/node.ts");

export const createClient: CreateClient = clientFactory(
  connectBy({
    createHttpTransport: withEras(createHttpTransport, load),
    createStdioTransport: (command, options) => createStdioTransport(command, options, load),
  }),
);

export { createHttpTransport } from "../transport/http/client-undici.ts";
export * from "./exports.ts";
