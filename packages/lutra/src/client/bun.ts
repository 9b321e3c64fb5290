/** `lutra/client` for Bun: the exports of `index.ts`, with support for commands. */

import { withEras } from "../transport/http/era-transport.ts";
import { createStdioTransport } from "../transport/stdio/client.ts";
import { type CreateClient, clientFactory } from "./create-client.ts";
import { createHttpTransport } from "./index.ts";
import { connectBy } from "./target.ts";

const load = () => import("../legacy/client/bun.ts");

export const createClient: CreateClient = clientFactory(
  connectBy({
    createHttpTransport: withEras(createHttpTransport, load),
    createStdioTransport: (command, options) => createStdioTransport(command, options, load),
  }),
);

export * from "./exports.ts";
export { createHttpTransport } from "./index.ts";
