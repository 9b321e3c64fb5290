/**
 * Replicas that share a store and a bus. Requests go to the replicas in turn, and each response names
 * its replica.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConfigInput } from "@lutra/gateway";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type ConfigFile, writeConfig } from "../gateway/config-file.ts";
import { hasPostgres, startPostgres, withoutPostgres } from "../stores/postgres-server.ts";
import { hasRedis, startRedis, withoutRedis } from "../stores/redis-server.ts";
import { freshDatabase } from "../tasks/fresh-database.ts";
import { ask, callTool, messagesOf, send } from "./http.ts";
import { endLutra, type RunningServer, runLutra, startLutra, untilListening } from "./run-lutra.ts";
import { listenersAt, rowsOf } from "./store-usage.ts";
import { begin, tasksModule, textOf } from "./tasks-client.ts";

let folder: string;
let postgres: Awaited<ReturnType<typeof startPostgres>> | undefined;
let redis: Awaited<ReturnType<typeof startRedis>> | undefined;
const configs: ConfigFile[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "lutra-shared-"));
  if (hasPostgres) postgres = await startPostgres();
  if (hasRedis) redis = await startRedis();
});
afterAll(async () => {
  postgres?.remove();
  await redis?.stop();
  for (const config of configs) await config.remove();
  rmSync(folder, { recursive: true });
});

interface Engines {
  readonly store: string;
  readonly bus?: string;
}

const sqlite = async (): Promise<Engines> => ({ store: `sqlite:${join(folder, "state.db")}` });

const servers = async (): Promise<Engines> => ({
  store: await freshDatabase(postgres?.url ?? "", "shared"),
  bus: redis?.url ?? "",
});
const missingServer = hasPostgres ? (hasRedis ? undefined : withoutRedis) : withoutPostgres;

type Start = (engines: Engines) => Promise<RunningServer>;

/** Starts a gateway that configures the store and the bus of a module. */
const gateway: Start = async (engines) => {
  const module = tasksModule;
  const config: ConfigInput = {
    listen: { port: 0 },
    admin: false,
    log: false,
    upstreams: { fixture: { module, replicas: 3, ...engines } },
  };
  const file = await writeConfig(config);
  configs.push(file);
  return await untilListening(runLutra("gateway", file.path));
};

const up: Start = ({ store, bus = "" }) =>
  startLutra("up", tasksModule, "--replicas", "3", "--store", store, "--bus", bus);

const setups = [
  ["a module of a gateway with SQLite", gateway, sqlite, undefined],
  ["a module of a gateway with Postgres and Redis", gateway, servers, missingServer],
  ["`lutra up` with Postgres and Redis", up, servers, missingServer],
] as const;

for (const [what, start, open, missing] of setups) {
  describe.skipIf(missing !== undefined)(missing ? `${what} (${missing})` : what, () => {
    let engines: Engines;
    let fleet: RunningServer;
    beforeAll(async () => {
      engines = await open();
      fleet = await start(engines);
    });

    it("reads and updates a task at every replica", async () => {
      const { url } = fleet;
      let taskId = "";
      await untilAtEach(async () => {
        const { inputResponses, ...asking } = await startAsking(url);
        taskId = asking.taskId;
        return (await ask(url, "tasks/update", { taskId, inputResponses })).replica;
      });
      await expect.poll(() => statusOf(url, taskId), { timeout: 20_000 }).toBe("completed");
      const texts = new Set<string>();
      await untilAtEach(async () => {
        const { body, replica } = await look(url, taskId);
        texts.add(textOf(body.result?.result as never));
        return replica;
      });
      expect([...texts]).toEqual([expect.stringMatching(/^accept in \d+$/)]);
    });

    it("notifies a stream at one replica of a change to a task at another", async () => {
      await untilElsewhere(async () => {
        const { taskId } = await startAsking(fleet.url);
        const { messages, replica } = await listen(fleet.url, { taskIds: [taskId] });
        expect(await messages.next()).toMatchObject({ value: { params: { taskId } } });
        const cancelled = await ask(fleet.url, "tasks/cancel", { taskId });
        expect((await messages.next()).value).toMatchObject({
          method: "notifications/tasks",
          params: { taskId, status: "cancelled" },
        });
        return cancelled.replica !== replica;
      });
    });

    it("notifies a stream at one replica of changed tools at another", async () => {
      await untilElsewhere(async () => {
        const { messages, replica } = await listen(fleet.url, { toolsListChanged: true });
        const changed = await callTool(fleet.url, "change");
        expect((await messages.next()).value).toMatchObject({
          method: "notifications/tools/list_changed",
        });
        return changed.replica !== replica;
      });
    });

    it("uses the configured store and bus", async () => {
      const { store, bus } = engines;
      if (store.startsWith("sqlite:")) expect(existsSync(store.slice(7))).toBe(true);
      else {
        const before = await rowsOf(store, "lutra.tasks");
        await startAsking(fleet.url);
        expect(await rowsOf(store, "lutra.tasks")).toBe(before + 1);
      }
      if (bus) expect(await listenersAt(bus)).toBe(3);
    });

    it("finishes a task at another replica when the one that runs it is killed", async () => {
      const { client, taskId, pid } = await begin(fleet.url);
      onTestFinished(client.close);
      process.kill(pid, "SIGKILL");
      const result = textOf(await client.tasks.resume(taskId));
      expect(result).toMatch(new RegExp(`^begun by ${pid}, ended by (?!${pid}$)\\d+$`));
      // A process of the module ran the task, not the command itself.
      expect(pid).not.toBe(fleet.child.pid);
      await endLutra(fleet);
    });
  });
}

/**
 * Repeats a request until each of three replicas has served one. During slow start a replica gets
 * fewer requests, so three in a row may not reach all three.
 */
async function untilAtEach(replicaOf: () => Promise<string | null>): Promise<void> {
  const met = new Set<string | null>();
  for (let tries = 0; met.size < 3 && tries < 30; tries += 1) met.add(await replicaOf());
  expect([...met].sort()).toEqual(["1", "2", "3"]);
}

/** Repeats an action until it returns true, which means that it involved two replicas. */
async function untilElsewhere(act: () => Promise<boolean>): Promise<void> {
  let isElsewhere = false;
  for (let tries = 0; !isElsewhere && tries < 10; tries += 1) isElsewhere = await act();
  expect(isElsewhere).toBe(true);
}

/** Starts a task. Resolves once it has asked, with a response to its question. */
async function startAsking(url: string) {
  const { body } = await callTool(url, "ask");
  const taskId = body.result?.taskId as string;
  await expect.poll(() => statusOf(url, taskId), { timeout: 20_000 }).toBe("input_required");
  const { inputRequests = {} } = (await look(url, taskId)).body.result ?? {};
  const [key = ""] = Object.keys(inputRequests as object);
  const inputResponses = { [key]: { action: "accept", content: { sure: true } } };
  return { taskId, inputResponses };
}

const look = (url: string, taskId: string) => ask(url, "tasks/get", { taskId });

async function statusOf(url: string, taskId: string): Promise<unknown> {
  return (await look(url, taskId)).body.result?.status;
}

/** Opens a stream until the end of the test. Resolves once it is acknowledged. */
async function listen(url: string, notifications: object) {
  const over = new AbortController();
  onTestFinished(() => over.abort());
  const { signal } = over;
  const response = await send(url, "subscriptions/listen", { notifications }, { signal });
  const messages = messagesOf(response);
  const method = "notifications/subscriptions/acknowledged";
  expect((await messages.next()).value).toMatchObject({ method, params: { notifications } });
  return { messages, replica: response.headers.get("x-lutra-replica") };
}
