/** Lutra's fetch handler under a Web-standard server, with the server of `examples/bench`. */
import { serve } from "@hono/node-server";
import { createFetchHandler } from "lutra/http";
import server from "../../examples/bench/server.ts";
import { report } from "./report.ts";

const fetch = createFetchHandler(server, { allowedHosts: ["127.0.0.1"] });
serve({ fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => report(port));
