/** Responses of upstreams that are wrong in their bytes, on connections that stay open. */
import type { Form, Part } from "../part.ts";
import { megabytes, milliseconds } from "../part.ts";
import { type Asked, ask, call } from "./asking.ts";
import { type GatewayAttack, type Observation, partOf, tally } from "./attack.ts";
import { type AttackedGateway, attackGateway } from "./attacked-gateway.ts";
import { cutAnswers, drip, floods, hidden, remainders, tinyChunks } from "./broken-responses.ts";
import { type HostileAnswer, startHostileUpstream } from "./hostile-upstream.ts";

/** The ways of a response: unread, parsed, and in a session of an earlier revision. */
const ways = {
  forwarded: { verify: "upstream" },
  parsed: { verify: "gateway" },
  session: { era: "legacy" },
} as const;

/** Maximum growth of the gateway while responses never end, in bytes. */
const maxGrowthBytes = 60_000_000;
/** Maximum time on the processor for a result of 250 kB in chunks of one byte, in milliseconds. */
const maxThreadMs = 250;
/** Maximum time by which a response may exceed its limit, in milliseconds. */
const lateMs = 2000;
const totalMs = 1500;

const attacks: readonly GatewayAttack[] = [
  {
    name: "another response behind one",
    sent: `${remainders.length} answers with a second response, at once or later, each in three ways`,
    holds: "no client gets the second response, and the next call gets its own result",
    run: () => withUpstream(poison),
  },
  {
    name: "cut responses",
    sent: "a result with a length, in chunks and in an event, cut by the end and by a reset, each in three ways",
    holds: "no client gets a part as a complete result, and the next call gets its own result",
    run: (form) => withUpstream((asked) => cut(asked, form)),
  },
  {
    name: "responses without an end",
    sent: `${floods.length} heads, interim responses, chunk sizes and trailers of up to 16 MB, each in three ways`,
    holds: `each is refused; the gateway grows by at most ${megabytes(maxGrowthBytes)}`,
    run: () => withUpstream(flood),
  },
  {
    name: "chunks of one byte",
    sent: "four results of 250 kB, in chunks of one byte, each in three ways",
    holds: `each takes at most ${maxThreadMs} ms of the processor in the gateway`,
    isOnlyWhole: true,
    run: () => withUpstream(chunks, { firstByteMs: 30_000, idleMs: 30_000 }),
  },
  {
    name: "one byte at a time",
    sent: "a result, of which one byte arrives every 50 ms, in three ways",
    holds: `each is ended after timeouts.totalMs, which is ${totalMs}`,
    isOnlyWhole: true,
    run: () => withUpstream(dripped, { totalMs }),
  },
  {
    name: "connections that close on arrival",
    sent: "40 calls over kept connections, each of which ends when the call has arrived, in three ways",
    holds: "no call of a tool with an effect is sent twice",
    isOnlyWhole: true,
    run: () => withUpstream(closing),
  },
];

export const responses: Part = partOf("responses", "Responses byte by byte", attacks);

interface Limits {
  readonly firstByteMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
}

interface Attacked {
  readonly gateway: AttackedGateway;
  /** The URL of each way. */
  readonly urls: readonly string[];
  /** Sets the answer to the calls of `hostile`. */
  readonly answerWith: (answer: HostileAnswer) => void;
}

/** Runs an attack on a gateway, for each way of which there is one endpoint. */
async function withUpstream(
  attack: (attacked: Attacked) => Promise<Observation>,
  limits: Partial<Limits> = {},
): Promise<Observation> {
  let current: HostileAnswer = (socket) => socket.end();
  const upstream = await startHostileUpstream((socket, id) => current(socket, id));
  const timeouts = { firstByteMs: 3000, idleMs: 3000, ...limits };
  // Broken answers must not take the only replica out, so that each one is read.
  const health = { failures: 1_000_000, intervalMs: 3_600_000 };
  const names = Object.keys(ways) as (keyof typeof ways)[];
  const named = <T>(create: (name: keyof typeof ways) => T) =>
    Object.fromEntries(names.map((name) => [name, create(name)]));
  const config = {
    upstreams: named((name) => ({ url: upstream.url, timeouts, health, ...ways[name] })),
    endpoints: named((name) => ({ path: `/${name}`, routes: [{ to: name }] })),
  };
  try {
    return await attackGateway(config, async (gateway) => {
      const urls = names.map((name) => new URL(`/${name}`, gateway.url).href);
      // The first call of a session opens it.
      for (const url of urls) await ask(url, call("next"));
      const answerWith = (answer: HostileAnswer) => {
        current = answer;
      };
      return await attack({ gateway, urls, answerWith });
    });
  } finally {
    await upstream.close();
  }
}

const isRight = ({ status, text }: Asked) => status === 200 && text.includes("right");

/** Sends a hostile call and then another one. */
async function askBoth(url: string): Promise<{ readonly first: Asked; readonly next: Asked }> {
  const first = await ask(url, call("hostile"));
  return { first, next: await ask(url, call("next")) };
}

async function poison({ urls, answerWith }: Attacked): Promise<Observation> {
  const statuses: number[] = [];
  let poisoned = 0;
  for (const url of urls) {
    for (const answer of remainders) {
      answerWith(answer);
      const { first, next } = await askBoth(url);
      statuses.push(first.status);
      if (first.text.includes(hidden) || !isRight(next)) poisoned += 1;
    }
  }
  return { observed: `${poisoned} poisoned; ${tally(statuses)}`, isHeld: poisoned === 0 };
}

async function cut({ urls, answerWith }: Attacked, form: Form): Promise<Observation> {
  const statuses: number[] = [];
  const seen = { wrong: 0, poisoned: 0 };
  for (const url of urls) {
    for (const answer of cutAnswers(form === "short" ? 29 : 3)) {
      answerWith(answer);
      const { first, next } = await askBoth(url);
      statuses.push(first.status);
      // A stream that ends has no length; its client misses the message, as of any stream that breaks.
      const isPart = first.status === 200 && !first.text.includes("whole") && first.text !== "";
      if (isPart && !isStreamBegun(first.text)) seen.wrong += 1;
      if (!isRight(next)) seen.poisoned += 1;
    }
  }
  const { wrong, poisoned } = seen;
  const observed = `${wrong} parts, ${poisoned} poisoned; ${tally(statuses)} (0 is a closed connection)`;
  return { observed, isHeld: wrong + poisoned === 0 };
}

/** Returns true for the beginning of an event that has not ended. */
function isStreamBegun(text: string): boolean {
  return "data: ".startsWith(text.slice(0, 6)) && !text.includes("\n\n");
}

async function flood({ gateway, urls, answerWith }: Attacked): Promise<Observation> {
  const statuses: number[] = [];
  let wrong = 0;
  let most = 0;
  const before = gateway.residentBytes();
  for (const url of urls) {
    for (const answer of floods) {
      answerWith(answer);
      const { first, next } = await askBoth(url);
      statuses.push(first.status);
      most = Math.max(most, gateway.residentBytes() - before);
      if (!isRight(next) || first.text.includes(hidden)) wrong += 1;
    }
  }
  const observed = `${tally(statuses)} (0 is a closed connection), ${wrong} next calls wrong; at most ${megabytes(most)}`;
  return { observed, isHeld: wrong === 0 && most <= maxGrowthBytes };
}

async function chunks({ gateway, urls, answerWith }: Attacked): Promise<Observation> {
  answerWith(tinyChunks(250_000));
  const statuses: number[] = [];
  const spent: number[] = [];
  for (const url of urls) {
    const before = gateway.threadMs();
    for (let count = 0; count < 4; count += 1) {
      statuses.push((await ask(url, call("hostile"))).status);
    }
    spent.push((gateway.threadMs() - before) / 4);
  }
  const observed = `${tally(statuses)}; ${spent.map(milliseconds).join(", ")} each`;
  return { observed, isHeld: spent.every((ms) => ms <= maxThreadMs) };
}

async function dripped({ urls, answerWith }: Attacked): Promise<Observation> {
  answerWith(drip(50));
  const asked = await Promise.all(urls.map((url) => ask(url, call("hostile"))));
  const observed = `${tally(asked.map(({ status }) => status))} after ${asked.map(({ ms }) => milliseconds(ms)).join(", ")}`;
  return { observed, isHeld: asked.every(({ ms }) => ms <= totalMs + lateMs) };
}

async function closing({ urls, answerWith }: Attacked): Promise<Observation> {
  let arrived = 0;
  answerWith((socket) => {
    arrived += 1;
    socket.end();
  });
  const statuses: number[] = [];
  for (const url of urls) {
    for (let count = 0; count < 40; count += 1) {
      const { first, next } = await askBoth(url);
      statuses.push(first.status, next.status);
    }
  }
  const sent = urls.length * 40;
  return {
    observed: `${arrived} of ${sent} arrived; ${tally(statuses)}`,
    isHeld: arrived === sent,
  };
}
