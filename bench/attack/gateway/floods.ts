/** Many clients that send slowly, read nothing or hold connections, beside one that calls a tool. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { ConfigInput } from "@lutra/gateway";
import { callBody, callLines, lengthOf } from "../../../test/gateway/raw-http.ts";
import {
  type RecordingUpstream,
  startRecordingUpstream,
} from "../../../test/gateway/recording-upstream.ts";
import { type Form, megabytes, milliseconds, type Part } from "../part.ts";
import { startVictim } from "./asking.ts";
import { type GatewayAttack, type Observation, partOf, tally } from "./attack.ts";
import { type AttackedGateway, attackGateway } from "./attacked-gateway.ts";
import { type FatUpstream, startFatUpstream } from "./fat-upstream.ts";
import { floodSubscriptions } from "./subscribers.ts";

/** Maximum time of a call of the victim, in milliseconds. It includes pauses of the machine. */
const maxVictimMs = 2000;
/** Maximum resident memory that a flood may take, in bytes. */
const maxGrownBytes = 450_000_000;

interface Flood {
  readonly verify: "upstream" | "gateway";
  readonly count: (form: Form) => number;
  /** The bytes that each client sends at once. */
  readonly head: string;
  /** The bytes that each client sends every second. */
  readonly drip: string;
}

const dripEveryMs = 1000;
const seconds = (form: Form) => (form === "short" ? 2 : 12);

const slowBody = `${["POST /mcp HTTP/1.1", ...callLines("who"), "Content-Length: 1000000"].join("\r\n")}\r\n\r\n{`;
const unread = () => {
  const body = callBody("fat");
  return `${["POST /mcp HTTP/1.1", ...callLines("fat"), lengthOf(body)].join("\r\n")}\r\n\r\n${body}`;
};

const attacks: readonly GatewayAttack[] = [
  flood("slow bodies, forwarded", "1,200 bodies of 1 byte a second", {
    verify: "upstream",
    count: (form) => (form === "short" ? 300 : 1200),
    head: slowBody,
    drip: " ",
  }),
  flood("slow bodies, parsed", "1,200 bodies of 1 byte a second", {
    verify: "gateway",
    count: (form) => (form === "short" ? 300 : 1200),
    head: slowBody,
    drip: " ",
  }),
  flood("slow heads", "1,200 heads of 1 byte a second", {
    verify: "upstream",
    count: (form) => (form === "short" ? 300 : 1200),
    head: "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ",
    drip: "x",
  }),
  flood("idle connections", "3,000 connections without a byte", {
    verify: "upstream",
    count: (form) => (form === "short" ? 500 : 3000),
    head: "",
    drip: "",
  }),
  ...(["upstream", "gateway"] as const).map(
    (verify): GatewayAttack => ({
      name: `clients that read nothing, ${verify === "upstream" ? "forwarded" : "parsed"}`,
      sent: "100 calls of a tool that returns 8 MB; none is read",
      holds: `the gateway grows by at most ${megabytes(maxGrownBytes)}; another client is answered`,
      run: (form) => readNothing(verify, form),
    }),
  ),
  {
    name: "subscribers",
    sent: "500 clients that subscribe to the same changes of two merged upstreams",
    holds: "each upstream has at most 3 subscriptions, and every client is notified",
    run: (form) => floodSubscriptions(form === "short" ? 50 : 500),
  },
];

export const floods: Part = partOf("floods", "Floods", attacks);

function flood(name: string, sent: string, settings: Flood): GatewayAttack {
  return {
    name,
    sent,
    holds: `each call of another client is answered within ${maxVictimMs / 1000} s`,
    run: async (form) => {
      const upstream = await startRecordingUpstream("recording");
      try {
        const config = configFor(upstream, settings.verify);
        return await attackGateway(config, (gateway) => drip(gateway, settings, form));
      } finally {
        await upstream.close();
      }
    },
  };
}

function configFor({ url }: Pick<RecordingUpstream, "url">, verify: Flood["verify"]): ConfigInput {
  return { upstreams: { only: { url, verify } } };
}

async function drip(
  gateway: AttackedGateway,
  { count, head, drip: next }: Flood,
  form: Form,
): Promise<Observation> {
  const before = gateway.residentBytes();
  const sockets = await openAll(gateway.url, count(form), head);
  const victim = startVictim(gateway.url, "who");
  for (let second = 0; second < seconds(form); second += 1) {
    await delay(dripEveryMs);
    if (next !== "") for (const { socket } of sockets) if (!socket.destroyed) socket.write(next);
  }
  const { statuses, slowestMs } = await victim.stop();
  const grown = gateway.residentBytes() - before;
  const refused = sockets.map(({ answer }) => answer()).filter(Boolean);
  for (const { socket } of sockets) socket.destroy();
  const isAnswered = statuses.every((status) => status === 200);
  return {
    observed: `victim: ${tally(statuses)}, slowest ${milliseconds(slowestMs)}; clients: ${tally(refused) || "open"}; ${megabytes(grown)}`,
    isHeld: isAnswered && statuses.length > 0 && slowestMs <= maxVictimMs && grown <= maxGrownBytes,
  };
}

interface Flooding {
  readonly socket: Socket;
  /** Returns the status of the response, if there is one. */
  readonly answer: () => string;
}

/** Opens connections, each of which sends these bytes, 100 at a time. */
async function openAll(url: string, count: number, bytes: string): Promise<readonly Flooding[]> {
  const all: Flooding[] = [];
  while (all.length < count) {
    const size = Math.min(100, count - all.length);
    all.push(...(await Promise.all(Array.from({ length: size }, () => openOne(url, bytes)))));
  }
  return all;
}

async function openOne(url: string, bytes: string): Promise<Flooding> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let answer = "";
  socket.on("data", (chunk) => {
    answer ||= /^HTTP\/1\.1 (\d+)/.exec(chunk.toString("latin1"))?.[1] ?? "";
  });
  // The gateway may reset the connection.
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.write(bytes);
  return { socket, answer: () => answer };
}

async function readNothing(verify: Flood["verify"], form: Form): Promise<Observation> {
  const fat = await startFatUpstream(form === "short" ? 2_000_000 : 8_000_000);
  try {
    return await attackGateway(configFor(fat, verify), async (gateway) => {
      const before = gateway.residentBytes();
      const sockets = await openAll(gateway.url, form === "short" ? 20 : 100, unread());
      for (const { socket } of sockets) socket.pause();
      const victim = startVictim(gateway.url, "who");
      const grown = await highestGrowth(gateway, before, seconds(form));
      const { statuses, slowestMs } = await victim.stop();
      for (const { socket } of sockets) socket.destroy();
      return {
        observed: `at most ${megabytes(grown)}; victim: ${tally(statuses)}, slowest ${milliseconds(slowestMs)}`,
        isHeld: grown <= maxGrownBytes && isServed(fat) && statuses.every((one) => one === 200),
      };
    });
  } finally {
    await fat.close();
  }
}

const isServed = (fat: FatUpstream) => fat.served() > 0;

async function highestGrowth(
  gateway: AttackedGateway,
  before: number,
  duration: number,
): Promise<number> {
  let highest = 0;
  for (let waited = 0; waited < duration; waited += 0.25) {
    await delay(250);
    highest = Math.max(highest, gateway.residentBytes() - before);
  }
  return highest;
}
