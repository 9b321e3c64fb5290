/** Signals, kills and reloads while clients call tools. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ConfigInput } from "@lutra/gateway";
import { keepBusy } from "../../../test/gateway/busy-connections.ts";
import {
  type RecordingUpstream,
  startRecordingUpstream,
} from "../../../test/gateway/recording-upstream.ts";
import {
  compileReplica,
  type KilledReplica,
  startKilledReplica,
} from "../../chaos/killed-replica.ts";
import { kinds, type MixedLoad, runMixedLoad } from "../../chaos/mixed-load.ts";
import { type Form, milliseconds, type Part } from "../part.ts";
import { ask, call, list, startVictim } from "./asking.ts";
import { type GatewayAttack, type Observation, partOf, tally } from "./attack.ts";
import { type AttackedGateway, attackGateway, startAttacked } from "./attacked-gateway.ts";

const connections = 64;
const reloadingConnections = 8;
const hungCallers = 16;

const attacks: readonly GatewayAttack[] = [
  {
    name: "SIGTERM of the gateway",
    sent: `SIGTERM while ${connections} kept-alive connections call without pause, twice`,
    holds: "no request is lost, and the exit code is 0",
    run: endWhileBusy,
  },
  {
    name: "reloads",
    sent: `60 changes of the file under ${reloadingConnections} clients, some of them invalid`,
    holds: "no request fails; every valid file is taken over",
    run: reload,
  },
  {
    name: "SIGKILL of replicas",
    sent: "each of three replicas in turn, every second, under 16 connections",
    holds: "no read, list or repeatable call fails; no effect happens twice or is lost",
    run: (form) => withReplicas((fleet) => kill(fleet, form)),
  },
  {
    name: "SIGSTOP of a replica",
    sent: `one of three, while ${hungCallers} clients call a read-only tool`,
    holds: "every call is answered within 15 s, and the next ones within 2 s",
    run: () => withReplicas(stop),
  },
  {
    name: "SIGKILL of the gateway",
    sent: "while 16 connections call a tool with an effect",
    holds: "no effect happens twice, and each answered one has happened",
    run: () => withReplicas(killGateway),
  },
];

export const processes: Part = partOf("processes", "Endings and reloads", attacks);

async function endWhileBusy(form: Form): Promise<Observation> {
  const upstream = await startRecordingUpstream("recording");
  const codes: (number | string)[] = [];
  let answers = 0;
  let lost = 0;
  try {
    for (let run = 0; run < (form === "short" ? 1 : 2); run += 1) {
      const config = { upstreams: { only: { url: upstream.url } } };
      await attackGateway(config, async (gateway) => {
        const load = keepBusy(gateway.url, "who", connections);
        await load.busy;
        codes.push(await gateway.end());
        const report = await load.over;
        answers += report.answers;
        lost += report.lost.length;
      });
    }
  } finally {
    await upstream.close();
  }
  return {
    observed: `${lost} of ${answers + lost} lost; exit codes ${tally(codes)}`,
    isHeld: lost === 0 && codes.every((code) => code === 0),
  };
}

async function reload(form: Form): Promise<Observation> {
  const servers = [await startRecordingUpstream("a"), await startRecordingUpstream("b")] as const;
  const count = form === "short" ? 6 : 60;
  try {
    return await attackGateway(reloaded(servers[0]), async (gateway) => {
      const clients = Array.from({ length: reloadingConnections }, () =>
        startVictim(gateway.url, "who"),
      );
      let wrong = 0;
      for (let turn = 1; turn <= count; turn += 1) {
        if (turn % 5 === 0) await gateway.file.replace("{ invalid");
        else {
          const next = servers[turn % 2] as RecordingUpstream;
          await gateway.file.replace(reloaded(next));
          if (!(await isTakenOver(gateway, next.name))) wrong += 1;
        }
      }
      const reports = await Promise.all(clients.map((client) => client.stop()));
      const statuses = reports.flatMap((report) => report.statuses);
      const slowest = Math.max(...reports.map(({ slowestMs }) => slowestMs));
      return {
        observed: `${count} changes, ${wrong} not taken over; ${tally(statuses)}, slowest ${milliseconds(slowest)}`,
        isHeld: wrong === 0 && statuses.every((status) => status === 200),
      };
    });
  } finally {
    await Promise.all(servers.map((server) => server.close()));
  }
}

function reloaded({ url }: RecordingUpstream): ConfigInput {
  return { listen: { port: 0 }, admin: { port: 0 }, log: false, upstreams: { only: { url } } };
}

/** Waits until calls reach the upstream with this name, for up to 5 s. */
async function isTakenOver({ url }: AttackedGateway, name: string): Promise<boolean> {
  const until = performance.now() + 5000;
  while (performance.now() < until) {
    if ((await ask(url, call("who"))).text.includes(`"text":"${name}"`)) return true;
    await delay(10);
  }
  return false;
}

/** Three replicas behind a gateway, and the file in which they record effects. */
interface Fleet {
  readonly replicas: readonly KilledReplica[];
  readonly gateway: AttackedGateway;
  /** Returns the ids of the effects that have happened. */
  readonly effects: () => readonly string[];
}

async function withReplicas(attack: (fleet: Fleet) => Promise<Observation>): Promise<Observation> {
  const folder = mkdtempSync(join(tmpdir(), "lutra-attack-"));
  const file = join(folder, "paid");
  writeFileSync(file, "");
  const program = await compileReplica(folder);
  const replicas = await Promise.all([1, 2, 3].map(() => startKilledReplica(program, file)));
  const gateway = await startAttacked({
    cache: false,
    upstreams: {
      fleet: {
        url: replicas.map(({ url }) => url),
        verify: "upstream",
        retries: { trustAnnotations: true },
      },
    },
  });
  try {
    await untilReady(gateway);
    const effects = () => readFileSync(file, "utf8").split("\n").filter(Boolean);
    return await attack({ replicas, gateway, effects });
  } finally {
    await gateway.dispose();
    for (const replica of replicas) replica.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function untilReady({ adminUrl }: AttackedGateway): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const shown = (await (await fetch(`${adminUrl}/upstreams`)).json()) as readonly {
      replicas: readonly { state: string }[];
    }[];
    if (shown.every(({ replicas }) => replicas.every(({ state }) => state === "up"))) return;
    await delay(50);
  }
  throw new Error("the replicas did not become ready");
}

async function kill({ replicas, gateway, effects }: Fleet, form: Form): Promise<Observation> {
  const durationMs = form === "short" ? 2500 : 10_000;
  let isOver = false;
  let kills = 0;
  const killing = (async () => {
    for (let turn = 0; !isOver; turn += 1) {
      await delay(1000);
      if (isOver) return;
      kills += 1;
      await replicas[turn % replicas.length]?.killAndRestart();
    }
  })();
  const load = await runMixedLoad(gateway.url, { connections: 16, durationMs });
  isOver = true;
  await killing;
  const happened = effects();
  const { failed, interrupted, sent } = failuresIn(load);
  const twice = happened.length - new Set(happened).size;
  const lost = [...load.paid].filter((id) => !happened.includes(id)).length;
  return {
    observed: `${kills} kills, ${sent} requests: ${failed} repeatable ones failed, ${interrupted} effects answered with an error, ${twice} twice, ${lost} lost`,
    isHeld: failed === 0 && twice === 0 && lost === 0 && kills > 0,
  };
}

function failuresIn({ outcomes }: MixedLoad) {
  const count = (kind: (typeof kinds)[number]) =>
    [...outcomes[kind].failures.values()].reduce((sum, some) => sum + some, 0);
  return {
    sent: kinds.reduce((sum, kind) => sum + outcomes[kind].latencies.length, 0),
    failed: count("list") + count("read") + count("look"),
    interrupted: count("pay"),
  };
}

async function stop({ replicas, gateway: { url } }: Fleet): Promise<Observation> {
  const each = () => Promise.all(Array.from({ length: hungCallers }, () => ask(url, call("look"))));
  await each();
  const [hung] = replicas;
  hung?.signal("SIGSTOP");
  try {
    const first = await each();
    const later = await Promise.all([...(await each()), await ask(url, list)]);
    const slowest = (all: readonly { ms: number }[]) => Math.max(...all.map(({ ms }) => ms));
    const statuses = [...first, ...later].map(({ status }) => status);
    return {
      observed: `${tally(statuses)}; slowest ${milliseconds(slowest(first))}, then ${milliseconds(slowest(later))}`,
      isHeld:
        statuses.every((one) => one === 200) && slowest(first) <= 15_000 && slowest(later) <= 2000,
    };
  } finally {
    hung?.signal("SIGCONT");
  }
}

async function killGateway({ gateway, effects }: Fleet): Promise<Observation> {
  const loading = runMixedLoad(gateway.url, { connections: 16, durationMs: 1500 });
  await delay(700);
  gateway.child.kill("SIGKILL");
  const load = await loading;
  const happened = effects();
  const twice = happened.length - new Set(happened).size;
  const lost = [...load.paid].filter((id) => !happened.includes(id)).length;
  return {
    observed: `${load.paid.size} answered of ${happened.length} that happened; ${twice} twice, ${lost} lost`,
    isHeld: twice === 0 && lost === 0 && load.paid.size > 0,
  };
}
