/**
 * Three gateways over an upstream of each era, under load of clients of both eras, while gateways are
 * killed and restarted, the bus is lost, and the keys are rotated. A gateway holds the calls that wait
 * for an answer of a legacy client, and those that a legacy upstream has interrupted.
 *
 *     node --import tsx bench/chaos/eras-kills.ts [seconds] [--write]
 *
 * The seconds are those of each part, 20 by default. Needs Redis. Exits with 1 when a call was neither
 * answered nor failed, when a side effect happened twice, or when a call was answered with a result
 * without its side effect.
 */
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "lutra/client";
import { hasRedisBinary, startRedis, withoutRedis } from "../../test/stores/redis-server.ts";
import { balance, GatewayProcess, type Settings } from "./eras-fleet.ts";
import { type Call, runCalls } from "./eras-load.ts";
import { startUpstreams } from "./eras-upstreams.ts";
import { writePage } from "./write-page.ts";

const [given = "20"] = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const seconds = Number(given);
const gapMs = 2000;
const busLostMs = 5000;

if (!hasRedisBinary) throw new Error(withoutRedis);
const redis = await startRedis(true);
const upstreams = await startUpstreams();
let keyCount = 1;
/** True once all gateways have the newest key. Until then, the one before it seals. */
let isNewestKnown = true;
const gateways = await Promise.all([1, 2, 3].map(() => GatewayProcess.start(settings())));
await Promise.all(gateways.map(untilReady));
const balancer = await balance(gateways.map(({ url }) => url));

/** The event of each part, which is repeated until the part ends. */
const parts: { readonly [title: string]: (turn: number) => Promise<void> } = {
  "nothing happens": async () => {},
  "a gateway is killed with SIGKILL and restarted, in turn": (turn) =>
    gatewayAt(turn).restart("SIGKILL"),
  "a gateway is ended with SIGTERM and restarted, in turn": (turn) =>
    gatewayAt(turn).restart("SIGTERM"),
  "the bus is lost for 5 s": async () => {
    await redis.stop();
    await delay(busLostMs);
    await redis.start();
  },
  "a new key is added, and then seals": async () => {
    if (isNewestKnown) keyCount += 1;
    isNewestKnown = !isNewestKnown;
    for (const gateway of gateways) await gateway.configure(settings());
  },
};

const rows: string[] = [];
const failures = new Map<string, number>();
let isGood = true;
for (const [index, [title, disturb]] of Object.entries(parts).entries()) {
  const endAt = performance.now() + seconds * 1000;
  const isOver = () => performance.now() >= endAt;
  const running = runCalls(balancer.url, String(index), isOver);
  let count = 0;
  for (await delay(gapMs); !isOver(); await delay(gapMs)) {
    await disturb(count);
    count += 1;
  }
  record(title, count, await running);
}
balancer.close();
for (const gateway of gateways) await gateway.close();
await upstreams.close();
await redis.stop();
report();
process.exit(isGood ? 0 : 1);

/** Resolves when both upstreams answer at a gateway. */
async function untilReady({ url }: GatewayProcess): Promise<void> {
  const client = createClient(url, { onWarning: () => {} });
  for (const tool of ["modern.look", "legacy.look"]) {
    const answers = () =>
      client.callTool(tool, { id: "ready" }).then(
        () => true,
        () => false,
      );
    while (!(await answers())) await delay(100);
  }
  await client.close();
}

function settings(): Settings {
  const keys = Array.from({ length: keyCount }, (_, index) => ({
    id: `k${index}`,
    secret: Buffer.alloc(32, index + 1).toString("base64"),
  }));
  return {
    admin: false,
    log: false,
    bus: redis.url,
    keys: isNewestKnown ? keys.reverse() : [...keys.slice(0, -1).reverse(), ...keys.slice(-1)],
    upstreams: { modern: { url: upstreams.modern }, legacy: { url: upstreams.legacy } },
    routes: [{ merge: "all", prefix: "always" }],
  };
}

function gatewayAt(turn: number): GatewayProcess {
  return gateways[turn % gateways.length] as GatewayProcess;
}

function record(title: string, count: number, calls: readonly Call[]): void {
  const answered = calls.filter(({ answer }) => answer !== undefined);
  const isPayment = ({ tool }: Call) => tool.endsWith("pay");
  const effectsOf = ({ id }: Call) => upstreams.effects.get(id) ?? 0;
  const lost = calls.filter(({ isLost }) => isLost).length;
  const wrong = answered.filter((call) => call.answer !== call.id).length;
  const without = answered.filter((call) => isPayment(call) && effectsOf(call) === 0).length;
  const twice = calls.filter((call) => effectsOf(call) > 1).length;
  const failed = calls.filter(({ error }) => error !== undefined);
  for (const { client, tool, error = "" } of failed) {
    const reason = `${title}: ${client} client, ${tool}: ${error.replace(/http:\S+mcp/g, "the endpoint")}`;
    failures.set(reason, (failures.get(reason) ?? 0) + 1);
  }
  isGood &&= lost + wrong + without + twice === 0 && answered.length > 0;
  const cells = [title, count, calls.length, answered.length, failed.length, lost, without, twice];
  rows.push(`| ${cells.join(" | ")} |`);
}

function report(): void {
  const reasons = [...failures].map(([reason, count]) => `- ${count} x ${reason}`);
  writePage(
    "chaos-eras",
    "Clients and upstreams of both eras, while gateways and the bus fail",
    `Written by \`npm run chaos -- eras ${seconds} --write\`. Three gateways with one bus (Redis), behind a balancer that takes them in turn, over an upstream of 2026-07-28 and one of 2025-11-25 (official SDK 1). Four clients of each revision call a tool of each upstream that answers at once, and one that asks the user, who takes 200 ms, before its side effect. Each part takes ${seconds} s, with ${gapMs / 1000} s between two events.

| part | events | calls | answered | failed | neither | answered without the effect | effect twice |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${rows.join("\n")}

What failed:

${reasons.join("\n") || "- nothing"}

A call that failed may have been executed; the client decides whether to send it again.`,
  );
}
