/** A replica that is stopped with SIGSTOP: it keeps its connections and does not answer. */
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { ask, callTool } from "../cli/http.ts";
import { startReplicas } from "./replicas.ts";
import { startGatewayCommand } from "./start-gateway.ts";

const callers = 16;
/** A test that waits for the time limit of a request fails, because it has less time itself. */
const firstByteMs = 600_000;

it("keeps no caller waiting: reads move to other replicas, and other calls get 504", {
  timeout: 120_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), "lutra-hung-"));
  const ledger = join(folder, "ledger");
  writeFileSync(ledger, "");
  process.env.LUTRA_TEST_LEDGER = ledger;
  const replicas = await startReplicas(new URL("fixtures/spending-server.ts", import.meta.url), 3);
  const [hung = 0] = replicas.pids();
  onTestFinished(async () => {
    process.kill(hung, "SIGCONT");
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
        timeouts: { firstByteMs },
        retries: { trustAnnotations: true },
      },
    },
  });
  const pidOf = async () => {
    const { body } = await callTool(url, "look");
    return JSON.stringify(body.result?.content);
  };
  const seen = new Set<string>();
  while (seen.size < 3) seen.add(await pidOf());

  process.kill(hung, "SIGSTOP");
  const each = <T>(send: (caller: number) => Promise<T>) =>
    Promise.all(Array.from({ length: callers }, (_, caller) => send(caller)));
  const [looks, lists, spends] = await Promise.all([
    each(() => callTool(url, "look")),
    each(() => ask(url, "tools/list")),
    each((caller) => callTool(url, "spend", { arguments: { token: `token-${caller}` } })),
  ]);
  expect(looks.filter(({ status }) => status !== 200)).toEqual([]);
  expect(lists.filter(({ status }) => status !== 200)).toEqual([]);
  const failed = spends.filter(({ status }) => status !== 200);
  expect(failed.length).toBeGreaterThan(0);
  for (const { status, body } of failed) {
    expect([status, body.error?.message]).toEqual([
      504,
      "The upstream no longer answers; the request may have been executed",
    ]);
  }
  // The replica is ejected, so that further requests do not reach it.
  const later = await each((caller) =>
    callTool(url, "spend", { arguments: { token: `later-${caller}` } }),
  );
  expect(later.filter(({ status }) => status !== 200)).toEqual([]);
  const happened = readFileSync(ledger, "utf8").trimEnd().split("\n");
  expect(new Set(happened).size).toBe(happened.length);
});
