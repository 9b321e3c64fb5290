/** A gateway over an upstream, in a process whose processor time is measured. */
import { readFileSync } from "node:fs";
import { startGateway } from "@lutra/gateway";

const [upstream = "", cert = "", key = ""] = process.argv.slice(2);
const gateway = await startGateway({
  admin: false,
  log: false,
  listen: { port: 0, tls: { cert, key }, http2: true },
  upstreams: { only: { url: upstream, verify: "upstream", concurrency: { max: 4096 } } },
});
await gateway.ready();
// Reports the processor time used so far on request.
process.on("message", () => process.send?.(process.cpuUsage()));
process.on("disconnect", () => void gateway.close());
process.send?.({ url: gateway.url, ca: readFileSync(cert, "utf8") });
