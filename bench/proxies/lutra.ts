/**
 * Lutra's gateway with its access log, metrics and cache. With `routed` as the third argument it
 * forwards bodies unread, by the name of the tool. With `merged` it merges both upstreams; all their
 * tool names collide, so that the gateway renames every call. With `bridged` it forwards to the same
 * tools in sessions of an earlier revision.
 */
import { type ConfigInput, startGateway } from "@lutra/gateway";
import { report } from "../servers/report.ts";
import { secondTool, upstreamOrigins } from "./routing.ts";

const [first, second] = upstreamOrigins();
const routes: ConfigInput["routes"] = [
  { match: { name: secondTool }, to: "second" },
  { to: "first" },
];

const how = process.argv[4];
const own =
  how === "bridged" ? ({ era: "2025-11-25" } as const) : ({ verify: "upstream" } as const);

const gateway = await startGateway({
  listen: { port: 0 },
  admin: { port: 0 },
  log: { file: "/dev/null" },
  upstreams: {
    first: { url: `${first}/mcp`, ...own },
    second: { url: `${second}/mcp`, ...own },
  },
  ...(how !== "merged" && { routes }),
});
report(Number(new URL(gateway.url).port));
