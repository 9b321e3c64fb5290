/**
 * Attacks gateways, each in a process of its own, over loopback: smuggled requests, spellings of names,
 * cache keys, floods, hostile upstreams, signals and reloads, and a machine without resources.
 *
 *     node --import tsx bench/attack/gateway.ts [parts] [--short] [--write]
 *
 * Exits with 1 when an expectation did not hold. `--short` sends less.
 */
import { gatewayParts } from "./gateway-parts.ts";
import { runParts } from "./run-parts.ts";

await runParts(gatewayParts, {
  name: "attack-gateway",
  title: "Gateways under attack",
  introduction:
    "Written by `npm run attack -- gateway --write`. Each gateway is a process of its own, started by `lutra gateway`; upstreams and clients run on the same machine. Times include those in which the machine ran other programs.",
});
