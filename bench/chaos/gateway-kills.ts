/**
 * Three replicas behind a gateway; every 2 s one of them is killed, in turn, and restarted,
 * while 16 connections send lists, reads, read-only calls and calls with a side effect.
 *
 *     node --import tsx bench/chaos/gateway-kills.ts [seconds] [--write]
 *
 * Exits with 1 when a list, a read or a read-only call failed, when a side effect happened twice, or
 * when a call returned a result without its side effect.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startGateway } from "@lutra/gateway";
import { compileReplica, startKilledReplica } from "./killed-replica.ts";
import { type Kind, kinds, type MixedLoad, runMixedLoad } from "./mixed-load.ts";
import { writePage } from "./write-page.ts";

const [given = "60"] = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const seconds = Number(given);
const connections = 16;
const killEveryMs = 2000;

const titles: { readonly [kind in Kind]: string } = {
  list: "lists",
  read: "reads",
  look: "calls of a tool with `readOnlyHint`",
  pay: "calls with a side effect",
};

const folder = mkdtempSync(join(tmpdir(), "lutra-chaos-"));
const file = join(folder, "paid");
writeFileSync(file, "");

const program = await compileReplica(folder);
const replicas = await Promise.all([1, 2, 3].map(() => startKilledReplica(program, file)));
const gateway = await startGateway({
  listen: { port: 0 },
  admin: false,
  log: false,
  upstreams: {
    chaos: {
      url: replicas.map(({ url }) => url),
      verify: "upstream",
      retries: { trustAnnotations: true },
      health: { intervalMs: 1000, ejectMs: 500, slowStartMs: 1000 },
    },
  },
  cache: false,
});
if (!(await gateway.ready())) throw new Error("no replica answers");

let kills = 0;
const end = new AbortController();
const killing = killInTurn();
const load = await runMixedLoad(gateway.url, { connections, durationMs: seconds * 1000 });
end.abort();
await killing;
await gateway.close();
for (const replica of replicas) replica.stop();
const executed = readFileSync(file, "utf8").split("\n").filter(Boolean);
rmSync(folder, { recursive: true });

report(load);
process.exit(verdict(load) ? 0 : 1);

/** Waits until the killed replica has restarted before it kills the next one. */
async function killInTurn(): Promise<void> {
  let restart: Promise<void> | undefined;
  for (let turn = 0; ; turn += 1) {
    const pause = delay(killEveryMs, undefined, { signal: end.signal }).catch(() => {});
    await Promise.all([pause, restart]);
    if (end.signal.aborted) return;
    kills += 1;
    restart = replicas[turn % replicas.length]?.killAndRestart();
  }
}

function report({ outcomes, paid }: MixedLoad): void {
  const reasons: string[] = [];
  const rows = kinds.map((kind) => {
    const { latencies, failures } = outcomes[kind];
    const sorted = latencies.sort((a, b) => a - b);
    const at = (share: number) =>
      (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1);
    const failed = [...failures.values()].reduce((sum, count) => sum + count, 0);
    for (const [failure, count] of failures) {
      reasons.push(`- ${count} x ${titles[kind]}: ${failure}`);
    }
    return `| ${titles[kind]} | ${sorted.length} | ${failed} | ${at(0.5)} | ${at(0.99)} | ${at(1)} |`;
  });
  writePage(
    "chaos-gateway",
    "Replicas of a gateway, killed under load",
    `Written by \`npm run chaos -- gateway ${seconds} --write\`. Three replicas behind one gateway; every 2 s the next one is killed with \`SIGKILL\` and restarted. The run took ${seconds} s, with ${connections} connections and ${kills} kills.

| kind | sent | failed | p50 ms | p99 ms | max ms |
| --- | ---: | ---: | ---: | ---: | ---: |
${rows.join("\n")}

What failed:

${reasons.join("\n") || "- nothing"}

${executed.length} side effects happened, ${twice()} of them twice. ${paid.size} calls with a side effect were answered with a result; for ${lost(paid)} of them, the side effect did not happen. A call that was interrupted may have been executed; the client decides whether to send it again.`,
  );
}

function twice(): number {
  return executed.length - new Set(executed).size;
}

function lost(paid: ReadonlySet<string>): number {
  const happened = new Set(executed);
  return [...paid].filter((id) => !happened.has(id)).length;
}

function verdict({ outcomes, paid }: MixedLoad): boolean {
  const { list, read, look } = outcomes;
  const isSafe = [list, read, look].every(({ failures }) => failures.size === 0);
  return isSafe && kills > 0 && twice() === 0 && lost(paid) === 0;
}
