/** A server behind the proxies: the bench server, which also offers `add` under another name. */
import { serveHttp } from "lutra/node";
import { defineTool } from "lutra/server";
import server from "../../examples/bench/server.ts";
import { addition } from "../../examples/bench/specifications.ts";
import { secondTool } from "../proxies/routing.ts";
import { report } from "./report.ts";

server.tools.add(defineTool({ ...addition, name: secondTool, call: ({ a, b }) => String(a + b) }));
const { port } = await serveHttp(server, { port: 0 });
report(port);
