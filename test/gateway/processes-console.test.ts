/** The console of a gateway with two processes, which shows and changes what each of them has. */
import type {
  CacheOverview,
  ExchangeDetail,
  ExchangePage,
  RouteList,
  TaskList,
} from "@lutra/console";
import { describe, expect, it } from "vitest";
import { signIn } from "../../packages/gateway/src/console/fixtures/sign-in.ts";
import { compiled } from "../compiled.ts";
import { createLedger, startTwoProcesses, twoConnections } from "./processes.ts";

const module = compiled(new URL("../console/fixtures/shown-server.ts", import.meta.url));
const job = { name: "job", arguments: {} };

async function start() {
  const { guard, pids } = createLedger();
  const gateway = await startTwoProcesses({
    listen: { port: 0 },
    admin: { port: 0, console: {} },
    log: false,
    guard,
    limits: [{ per: ["address"], rate: { requests: 3, perMs: 600_000 }, match: { tool: "media" } }],
    upstreams: { shown: { module, replicas: 1 } },
  });
  const [, adminUrl = ""] = await gateway.line(/health and metrics on (\S+)/);
  const [, consoleUrl = ""] = await gateway.line(/console on (\S+)/);
  const page = await signIn({ adminUrl, consoleUrl });
  const [one, other] = twoConnections(gateway.url);
  return { ...page, gateway, clients: [one, other] as const, one, other, pids };
}

describe("the console of two processes", () => {
  it("lists a response once that both have cached, and evicts it from both", async () => {
    const { get, change, clients, gateway, pids } = await start();
    const list = async () => {
      for (const client of clients) {
        expect((await client.ask("tools/list")).result).toBeDefined();
      }
    };
    await list();
    expect(new Set(pids())).toEqual(new Set(gateway.pids));
    const cache = () => get<CacheOverview>("fleet/cache");
    await expect.poll(async () => (await cache()).entries).toBe(2);
    const [response, ...others] = (await cache()).responses;
    expect(response).toMatchObject({ server: "shown", method: "tools/list", processes: 2 });
    expect(others).toEqual([]);
    const { server, method, params } = response as (typeof others)[number];
    await change("fleet/evict", { match: { server, method, params } });
    expect(await cache()).toMatchObject({ entries: 0, responses: [] });
    await list();
    await expect.poll(async () => (await cache()).misses).toBe(4);
  });

  it("sums the use of a limit, and shows the exchanges of both in one trace", async () => {
    const { get, clients } = await start();
    for (let time = 0; time < 2; time += 1) {
      for (const client of clients) await client.ask("tools/call", { name: "media" });
    }
    const { limits } = await get<RouteList>("fleet/routes");
    expect(limits[0]?.use).toMatchObject({ inFlight: 0, admitted: 3, refused: 1 });
    expect(limits[0]?.use?.busiest).toMatchObject([{ admitted: 3, refused: 1 }]);
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";
    for (const client of clients) await client.ask("tools/list", {}, { traceparent });
    const exchanges = async () => (await get<ExchangePage>("traces")).exchanges;
    await expect.poll(async () => (await exchanges()).length).toBe(6);
    const id = (await exchanges()).at(-1)?.id;
    const { exchange, trace } = await get<ExchangeDetail>(`traces/exchange?id=${id}`);
    expect(trace).toHaveLength(2);
    expect(exchange.timeline.map(({ name }) => name)).toEqual(["limits", "guard", "shown"]);
  });

  it("lists the tasks of a module, and cancels one", async () => {
    const { get, change, one, other } = await start();
    const { result } = await one.ask("tools/call", job);
    const tasks = () => get<TaskList>("fleet/tasks");
    const statuses = async () => (await tasks()).tasks.map(({ status }) => status);
    await expect.poll(statuses).toEqual(["input_required"]);
    const [task] = (await tasks()).tasks;
    expect(task).toMatchObject({ upstream: "shown", tool: "job", steps: ["prepare"] });
    await change("fleet/cancel-task", { upstream: "shown", key: task?.key });
    const { taskId } = result as { readonly taskId: string };
    expect((await other.ask("tasks/get", { taskId })).result?.status).toBe("cancelled");
  });
});
