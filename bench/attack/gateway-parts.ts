/** The parts of the attack on a gateway, in the order of the page. */
import { cache } from "./gateway/cache.ts";
import { floods } from "./gateway/floods.ts";
import { machinePart } from "./gateway/machine.ts";
import { names } from "./gateway/names.ts";
import { processes } from "./gateway/processes.ts";
import { responses } from "./gateway/responses.ts";
import { smuggling } from "./gateway/smuggling.ts";
import { upstreams } from "./gateway/upstreams.ts";
import type { Part } from "./part.ts";

export const gatewayParts: readonly Part[] = [
  smuggling,
  names,
  cache,
  floods,
  upstreams,
  responses,
  processes,
  machinePart,
];
