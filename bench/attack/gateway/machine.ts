/** A machine without disk space, without file descriptors, or whose clock is set. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { startRecordingUpstream } from "../../../test/gateway/recording-upstream.ts";
import type { Form, Part } from "../part.ts";
import { ask, call, list } from "./asking.ts";
import { type GatewayAttack, type Observation, partOf, tally } from "./attack.ts";
import { type AttackedGateway, attackGateway } from "./attacked-gateway.ts";

const openFiles = 256;
/** The steps of `set-clock.mjs`. */
const clockSteps = ["-2 hours", "-400 days", "+400 days"];

const attacks: readonly GatewayAttack[] = [
  {
    name: "a full disk",
    sent: "2,000 requests while the file system of the access log is full, then SIGTERM",
    holds: "every request is answered, lost lines are counted, no line is torn, exit code 0",
    isOnlyWhole: true,
    run: fillDisk,
  },
  {
    name: "no file descriptors",
    sent: `400 idle clients, then 200 calls at once, at a gateway with ${openFiles} descriptors`,
    holds: "it is reported; clients get an answer or 503; no replica is ejected; it recovers",
    run: useUpFiles,
  },
  {
    name: "a clock that is set",
    sent: `the time of day set by ${clockSteps.join(", ")}, with a cached list`,
    holds: "the list is never fresher than the upstream said, and is fetched again in time",
    run: setClock,
  },
];

export const machinePart: Part = partOf("machine", "The machine", attacks);

async function fillDisk(form: Form): Promise<Observation> {
  const folder = mkdtempSync(join(tmpdir(), "lutra-disk-"));
  const isMounted = mount(folder);
  const file = isMounted ? join(folder, "access.log") : "/dev/full";
  const upstream = await startRecordingUpstream("recording");
  const count = form === "short" ? 300 : 2000;
  try {
    const config = { log: { file }, upstreams: { only: { url: upstream.url } } };
    return await attackGateway(config, async (gateway) => {
      const statuses: number[] = [];
      while (statuses.length < count) {
        const some = Array.from({ length: 50 }, () => ask(gateway.url, call("who")));
        statuses.push(...(await Promise.all(some)).map(({ status }) => status));
      }
      // Lines are written within 250 ms.
      await delay(600);
      const lost = await gateway.metric("lutra_gateway_log_lines_lost_total");
      const code = await gateway.end();
      const torn = isMounted ? tornLinesIn(file) : 0;
      const where = isMounted ? "a file system of 64 kB" : "/dev/full (no right to mount)";
      return {
        observed: `${where}: ${tally(statuses)}, ${lost} lines lost, ${torn} torn, exit code ${code}`,
        isHeld: statuses.every((one) => one === 200) && lost > 0 && torn === 0 && code === 0,
      };
    });
  } finally {
    await upstream.close();
    if (isMounted) execFileSync("umount", [folder]);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Mounts a small file system, if this user may. */
function mount(folder: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], { stdio: "ignore" });
    return true;
  } catch {
    if (existsSync("/dev/full")) return false;
    throw new Error("not run: needs the right to mount, or /dev/full");
  }
}

function tornLinesIn(file: string): number {
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  return lines.filter((line) => !line.startsWith("{") || !line.endsWith("}")).length;
}

async function useUpFiles(): Promise<Observation> {
  const upstream = await startRecordingUpstream("recording");
  const config = { upstreams: { only: { url: upstream.url } } };
  const attack = async (gateway: AttackedGateway): Promise<Observation> => {
    const sockets = await Promise.all(Array.from({ length: 400 }, () => openIdle(gateway.url)));
    const flooded = await Promise.all(
      Array.from({ length: 200 }, () => ask(gateway.url, call("who"))),
    );
    for (const socket of sockets) socket.destroy();
    const recovered = await untilAnswered(gateway);
    const shown = await (await fetch(`${gateway.adminUrl}/upstreams`)).text();
    const statuses = flooded.map(({ status }) => status);
    const isSaid = gateway.stderr.some((line) => /descriptor|connections/.test(line));
    const isOut = shown.includes('"out"');
    return {
      observed: `${tally(statuses)} (0 is a closed connection); ${isSaid ? "reported" : "not reported"}; replica ${isOut ? "ejected" : "in service"}; ${recovered ? "recovered" : "did not recover"}`,
      isHeld: statuses.every((one) => [0, 200, 503].includes(one)) && isSaid && !isOut && recovered,
    };
  };
  try {
    return await attackGateway(config, attack, { openFiles });
  } finally {
    await upstream.close();
  }
}

function openIdle(url: string): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.once("connect", () => resolve(socket));
    socket.on("error", () => resolve(socket));
  });
}

async function untilAnswered({ url }: AttackedGateway): Promise<boolean> {
  for (let tries = 0; tries < 50; tries += 1) {
    if ((await ask(url, call("who"))).status === 200) return true;
    await delay(100);
  }
  return false;
}

/** The time for which a list stays fresh. */
const ttlMs = 1000;

async function setClock(): Promise<Observation> {
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
      { preload },
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

/** Sets the clock of the gateway by the next step of `set-clock.mjs`, and waits until it is set. */
async function moveClock({ child, stderr }: AttackedGateway): Promise<void> {
  const before = stderr.filter((line) => line.startsWith("clock ")).length;
  child.kill("SIGUSR2");
  while (stderr.filter((line) => line.startsWith("clock ")).length === before) await delay(10);
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
