/** Lutra's gateway with a number of processes, which forwards bodies unread to one upstream. */
import { fileURLToPath } from "node:url";
import {
  type ConfigInput,
  type Gateway,
  startGateway,
  startGatewayProcesses,
} from "@lutra/gateway";
import type { Question, Ready, Usage } from "../messages.ts";

const [, , origin = "", processes = "1"] = process.argv;

const config: ConfigInput = {
  listen: { port: 0 },
  admin: { port: 0 },
  log: { file: "/dev/null" },
  upstreams: { only: { url: `${origin}/mcp`, verify: "upstream" } },
};

/** Reads the processor time of all processes of the gateway, with its supervisor. */
async function usageOf({ adminUrl = "" }: Gateway): Promise<Usage> {
  const text = await (await fetch(new URL("/metrics", adminUrl))).text();
  const metric = (name: string) => {
    const line = text.split("\n").find((one) => one.startsWith(`${name} `));
    return Number(line?.slice(name.length + 1));
  };
  return {
    cpuMicros: Math.round(metric("process_cpu_seconds_total") * 1e6),
    rssBytes: metric("process_resident_memory_bytes"),
  };
}

const program = fileURLToPath(new URL("./gateway-process.mjs", import.meta.url));
const gateway =
  processes === "1"
    ? await startGateway(config)
    : await startGatewayProcesses(config, { processes: Number(processes), program });
await gateway.ready();
process.on("message", async (question: Question) => {
  if (question.ask === "usage") process.send?.(await usageOf(gateway));
});
process.on("disconnect", () => process.exit());
process.send?.({ port: Number(new URL(gateway.url).port) } satisfies Ready);
