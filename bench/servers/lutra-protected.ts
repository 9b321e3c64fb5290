/** The server of `lutra.ts`, protected by access tokens. */
import { protect } from "lutra/auth";
import { serveHttp } from "lutra/node";
import { createTestIssuer } from "lutra/testing";
import server from "../../examples/bench/server.ts";
import { report } from "./report.ts";

const issuer = await createTestIssuer({ resource: "https://bench.example.com/mcp" });
const authenticate = protect(issuer.options);
const { port } = await serveHttp(server, { port: 0, authenticate });
const token = await issuer.token({ exp: Math.floor(Date.now() / 1000) + 86_400 });
report(port, `Bearer ${token}`);
