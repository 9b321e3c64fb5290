/** Clocks that are set while a gateway runs. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text as textOf } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { ask, call, list } from "./asking.ts";
import type { Observation } from "./attack.ts";
import { type AttackedGateway, type AttackedOptions, attackGateway } from "./attacked-gateway.ts";

/** The time for which a list stays fresh. */
const ttlMs = 1000;

/** The steps of `set-clock.mjs`. */
export const clockSteps = ["-2 hours", "-400 days", "+400 days"];

/** Sets the clock of each process of a gateway that has a cached list. */
export async function setClock(options?: AttackedOptions): Promise<Observation> {
  const server = await startCounted();
  const preload = new URL("./set-clock.mjs", import.meta.url).href;
  try {
    const config = { upstreams: { only: { url: server.url } } };
    return await attackGateway(
      config,
      async (gateway) => {
        const problems: string[] = [];
        const seen: number[] = [];
        await ask(gateway.url, list);
        for (const _step of clockSteps) {
          await moveClock(gateway);
          const kept = await ask(gateway.url, list);
          const { result } = JSON.parse(kept.text);
          seen.push(result.ttlMs);
          if (result.ttlMs > ttlMs) problems.push(`ttlMs ${result.ttlMs}`);
          if (!(await isFetchedAgain(gateway, server.lists))) problems.push("not fetched again");
          if ((await ask(gateway.url, call("t"))).status !== 200) problems.push("a call failed");
        }
        return {
          observed:
            problems.join(", ") || `ttlMs ${seen.join(", ")} of ${ttlMs}; fetched again each time`,
          isHeld: problems.length === 0,
        };
      },
      { ...options, preload },
    );
  } finally {
    server.close();
  }
}

/** Waits until a list is fetched again. Revalidations run in the background. */
async function isFetchedAgain({ url }: AttackedGateway, lists: () => number): Promise<boolean> {
  const before = lists();
  const until = performance.now() + 5 * ttlMs;
  while (lists() === before && performance.now() < until) {
    await delay(100);
    await ask(url, list);
  }
  return lists() > before;
}

/** Sets the clock of each process by the next step of `set-clock.mjs`, and waits until they are set. */
async function moveClock({ child, pids, stderr }: AttackedGateway): Promise<void> {
  const count = () => stderr.filter((line) => line.startsWith("clock ")).length;
  const before = count();
  const all = new Set([child.pid as number, ...pids()]);
  for (const pid of all) process.kill(pid, "SIGUSR2");
  while (count() < before + all.size) await delay(10);
}

async function startCounted() {
  let lists = 0;
  const server = createServer(async (req, res) => {
    const { id, method } = JSON.parse(await textOf(req));
    if (method === "tools/list") lists += 1;
    const results: { readonly [name: string]: object } = {
      "server/discover": { supportedVersions: ["2026-07-28"], capabilities: { tools: {} } },
      "tools/list": {
        tools: [{ name: "t", inputSchema: { type: "object" } }],
        ttlMs,
        cacheScope: "public",
      },
      "tools/call": { content: [] },
    };
    const result = { resultType: "complete", ...results[method] };
    res.setHeader("content-type", "application/json");
    res.end(JSON.stringify({ jsonrpc: "2.0", id, result }));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    lists: () => lists,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
