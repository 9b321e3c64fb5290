/** Kills replicas under load. Only requests that may run twice are retried. */
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { ask, callTool } from "../cli/http.ts";
import { startReplicas } from "./replicas.ts";
import { startGatewayCommand } from "./start-gateway.ts";

/** Number of times that each of the three replicas is killed. */
const deaths = 1;
const clients = 16;

it.each(["upstream", "gateway"] as const)(
  "no read fails and no call runs twice while replicas are killed in turn, where the %s compares headers",
  { timeout: 120_000 },
  async (verify) => {
    const folder = await mkdtemp(join(tmpdir(), "lutra-kills-"));
    const ledger = join(folder, "ledger");
    writeFileSync(ledger, "");
    process.env.LUTRA_TEST_LEDGER = ledger;
    const replicas = await startReplicas(
      new URL("fixtures/spending-server.ts", import.meta.url),
      3,
    );
    onTestFinished(async () => {
      await replicas.close();
      await rm(folder, { recursive: true, force: true });
    });
    const { url } = await startGatewayCommand({
      listen: { port: 0 },
      admin: false,
      log: false,
      cache: false,
      upstreams: {
        fleet: {
          url: [...replicas.urls],
          verify,
          health: { intervalMs: 100, ejectMs: 100, maxEjectMs: 200, slowStartMs: 0 },
          retries: { attempts: 3, trustAnnotations: true },
        },
      },
    });

    const seen = createSightings();
    const failedReadings: string[] = [];
    const spent: string[] = [];
    let doubtful = 0;
    let isOver = false;
    let turn = 0;

    const read = async (method: string, params?: Record<string, unknown>) => {
      const { status, body } = await ask(url, method, params);
      if (status === 200 && body.result) return body;
      failedReadings.push(`${method}: ${status} ${JSON.stringify(body)}`);
      return undefined;
    };
    const pidIn = (body: unknown) => /"text":"(\d+)"/.exec(JSON.stringify(body))?.[1] ?? "none";
    const steps: readonly (() => Promise<unknown>)[] = [
      () => read("tools/list"),
      async () => seen.note(pidIn(await read("tools/call", { name: "look", arguments: {} }))),
      async () => seen.note(pidIn(await read("resources/read", { uri: "pid://now" }))),
      () => read("server/discover"),
      async () => {
        turn += 1;
        const token = `token-${turn}`;
        const { body } = await callTool(url, "spend", { arguments: { token } });
        if (body.result) spent.push(token);
        else doubtful += 1;
      },
    ];
    const client = async (offset: number) => {
      for (let step = offset; !isOver; step += 1) await steps[step % steps.length]?.();
    };
    const load = Promise.all(Array.from({ length: clients }, (_, index) => client(index)));

    const living = [...replicas.pids()];
    for (const pid of living) await seen.first(pid);
    for (let death = 0; death < 3 * deaths; death += 1) {
      const successor = await replicas.kill(living.shift() as number);
      // The successor gets requests before the next replica is killed.
      await seen.first(successor);
      living.push(successor);
    }
    isOver = true;
    await load;

    expect(failedReadings).toEqual([]);
    const happened = readFileSync(ledger, "utf8").trimEnd().split("\n");
    expect(happened.length - new Set(happened).size).toBe(0);
    expect(spent.filter((token) => !happened.includes(token))).toEqual([]);
    expect(spent.length).toBeGreaterThan(clients);
    // Only requests in flight at a killed replica can have an unknown outcome.
    expect(doubtful).toBeLessThanOrEqual(3 * deaths * clients);
  },
);

/** Records the ids of the processes that have answered. */
function createSightings() {
  const seen = new Set<string>();
  const waiting = new Map<string, () => void>();
  return {
    note: (pid: string): void => {
      seen.add(pid);
      waiting.get(pid)?.();
    },
    /** Resolves when the process has answered. */
    first: (pid: number): Promise<void> =>
      new Promise((resolve) => {
        if (seen.has(String(pid))) resolve();
        else waiting.set(String(pid), resolve);
      }),
  };
}
