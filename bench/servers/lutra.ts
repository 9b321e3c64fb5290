/** Lutra's native handler with the server of `examples/bench`: 21 tools, zod schemas. */
import { serveHttp } from "lutra/node";
import server from "../../examples/bench/server.ts";
import { report } from "./report.ts";

const { port } = await serveHttp(server, { port: 0 });
report(port);
