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
import { listenersAt, rowsOf } from "./store-looks.ts";
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
      const asked = [await startAsking(url), await startAsking(url), await startAsking(url)];
      const answered = new Set<string | null>();
      for (const { taskId, inputResponses } of asked) {
        answered.add((await ask(url, "tasks/update", { taskId, inputResponses })).replica);
      }
      expect([...answered].sort()).toEqual(["1", "2", "3"]);
      for (const { taskId } of asked) {
        await expect.poll(() => statusOf(url, taskId), { timeout: 20_000 }).toBe("completed");
        const shown = [await look(url, taskId), await look(url, taskId), await look(url, taskId)];
        expect(new Set(shown.map(({ replica }) => replica)).size).toBe(3);
        const texts = shown.map(({ body }) => textOf(body.result?.result as never));
        expect(new Set(texts)).toEqual(new Set([expect.stringMatching(/^accept in \d+$/)]));
      }
    });

    it("tells a stream at one replica what another has done to a task", async () => {
      const { taskId } = await startAsking(fleet.url);
      const { messages, replica } = await listen(fleet.url, { taskIds: [taskId] });
      expect(await messages.next()).toMatchObject({ value: { params: { taskId } } });
      const cancelled = await ask(fleet.url, "tasks/cancel", { taskId });
      expect(cancelled.replica).not.toBe(replica);
      expect((await messages.next()).value).toMatchObject({
        method: "notifications/tasks",
        params: { taskId, status: "cancelled" },
      });
    });

    it("tells a stream at one replica that the tools of another have changed", async () => {
      const { messages, replica } = await listen(fleet.url, { toolsListChanged: true });
      expect((await callTool(fleet.url, "change")).replica).not.toBe(replica);
      expect((await messages.next()).value).toMatchObject({
        method: "notifications/tools/list_changed",
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
