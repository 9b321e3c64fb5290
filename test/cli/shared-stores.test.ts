/**
 * Replicas that a command runs over a store and a bus: what one of them does, the others know. Each
 * request goes to the next replica, and answers say which one that was.
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

/** The store and the bus as keys of a module in a configuration. */
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

const ways = [
  ["a module of a gateway with SQLite", gateway, sqlite, undefined],
  ["a module of a gateway with Postgres and Redis", gateway, servers, missingServer],
  ["`lutra up` with Postgres and Redis", up, servers, missingServer],
] as const;

for (const [what, start, open, missing] of ways) {
  describe.skipIf(missing !== undefined)(missing ? `${what} (${missing})` : what, () => {
    let engines: Engines;
    let fleet: RunningServer;
    beforeAll(async () => {
      engines = await open();
      fleet = await start(engines);
    });

    it("shows a task at every replica, and takes answers at each", async () => {
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

    it("tells a stream at one replica what another has done to a task", async () => {
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

    it("tells a stream at one replica that the tools of another have changed", async () => {
      await untilElsewhere(async () => {
        const { messages, replica } = await listen(fleet.url, { toolsListChanged: true });
        const changed = await callTool(fleet.url, "change");
        expect((await messages.next()).value).toMatchObject({
          method: "notifications/tools/list_changed",
        });
        return changed.replica !== replica;
      });
    });

    it("has its tasks and its events where it was told to", async () => {
      const { store, bus } = engines;
      if (store.startsWith("sqlite:")) expect(existsSync(store.slice(7))).toBe(true);
      else {
        const before = await rowsOf(store, "lutra.tasks");
        await startAsking(fleet.url);
        expect(await rowsOf(store, "lutra.tasks")).toBe(before + 1);
      }
      if (bus) expect(await listenersAt(bus)).toBe(3);
    });

    it("finishes a task elsewhere when the replica that runs it is killed", async () => {
      const { client, taskId, pid } = await begin(fleet.url);
      onTestFinished(client.close);
      process.kill(pid, "SIGKILL");
      const result = textOf(await client.tasks.resume(taskId));
      expect(result).toMatch(new RegExp(`^begun by ${pid}, ended by (?!${pid}$)\\d+$`));
      // By the fixture's module, not by the command itself.
      expect(pid).not.toBe(fleet.child.pid);
      await endLutra(fleet);
    });
  });
}

/**
 * Goes on until each of three replicas was met. A replica that has just begun gets fewer requests than
 * its turns, so that three in a row need not meet all three.
 */
async function untilAtEach(meet: () => Promise<string | null>): Promise<void> {
  const met = new Set<string | null>();
  for (let tries = 0; met.size < 3 && tries < 30; tries += 1) met.add(await meet());
  expect([...met].sort()).toEqual(["1", "2", "3"]);
}

/** Goes on until what happens has met two replicas, which `happen` says. */
async function untilElsewhere(happen: () => Promise<boolean>): Promise<void> {
  let isElsewhere = false;
  for (let tries = 0; !isElsewhere && tries < 10; tries += 1) isElsewhere = await happen();
  expect(isElsewhere).toBe(true);
}

/** Starts a task; resolves once it asks, with an answer. */
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

/** Opens a stream, to the end of the test; resolves once it is acknowledged. */
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
