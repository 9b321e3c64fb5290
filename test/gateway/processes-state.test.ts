/** State that clients begin at one process of a gateway and continue at the other. */
import { text } from "node:stream/consumers";
import type { ConfigInput } from "@lutra/gateway";
import { serveHttp } from "lutra/node";
import { createServer, defineTool } from "lutra/server";
import { createMemoryTaskStore } from "lutra/stores";
import { tasks } from "lutra/tasks";
import { describe, expect, it, onTestFinished } from "vitest";
import { compiled } from "../compiled.ts";
import { serveLegacy } from "./fixtures/legacy-server.ts";
import { createLedger, readyProcess, startTwoProcesses, twoConnections } from "./processes.ts";
import { startRecordingUpstream } from "./recording-upstream.ts";

async function startWith(upstreams: ConfigInput["upstreams"], more: Partial<ConfigInput> = {}) {
  const { guard, pids } = createLedger();
  const gateway = await startTwoProcesses({
    listen: { port: 0 },
    admin: false,
    log: false,
    guard,
    upstreams,
    ...more,
  });
  return { gateway, clients: twoConnections(gateway.url), pids };
}

async function upstream() {
  const started = await startRecordingUpstream("a");
  onTestFinished(started.close);
  return started;
}

describe("what one process began", () => {
  it("continues at the other: a call that waits for input at a server of an earlier revision", async () => {
    const legacy = await serveLegacy();
    onTestFinished(legacy.close);
    const { clients, gateway, pids } = await startWith({ old: { url: legacy.url } });
    const [one, other] = clients;
    const call = { name: "ask", arguments: {} };
    const { result } = await one.ask("tools/call", call);
    expect(result).toMatchObject({ resultType: "input_required" });
    const inputResponses = { "input-1": { action: "accept", content: { name: "Ana" } } };
    const { requestState } = result ?? {};
    const retry = await other.ask("tools/call", { ...call, requestState, inputResponses });
    expect(JSON.stringify(retry.result?.content)).toContain("accept Ana");
    expect(new Set(pids())).toEqual(new Set(gateway.pids));
  });

  it("continues at the other: tasks behind merged upstreams", async () => {
    const work = defineTool({ name: "work", task: "required", call: () => "done" });
    const store = createMemoryTaskStore();
    const server = createServer({
      name: "worker",
      version: "1.0.0",
      tools: [work],
      extensions: [tasks({ store })],
    });
    const endpoint = await serveHttp(server, { port: 0 });
    onTestFinished(endpoint.close);
    const { url } = await upstream();
    const { clients } = await startWith({ a: { url }, worker: { url: endpoint.url } });
    const [one, other] = clients;
    const { result } = await one.ask("tools/call", { name: "work", arguments: {} });
    const task = result as { taskId: string };
    const states = async () =>
      (await other.ask("tasks/get", { taskId: task.taskId })).result?.status;
    await expect.poll(states).toBe("completed");
  });

  it("continues at the other: a session of an earlier revision", async () => {
    const { url } = await upstream();
    const { clients } = await startWith({ a: { url } });
    const [one, other] = clients;
    const clientInfo = { name: "test", version: "1.0.0" };
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
    const opened = await one.post({}, { id: 1, method: "initialize", params });
    await text(opened);
    const session = String(opened.headers["mcp-session-id"]);
    const headers = { "mcp-session-id": session, "mcp-protocol-version": "2025-11-25" };
    const call = { id: 2, method: "tools/call", params: { name: "who", arguments: {} } };
    const called = await other.post(headers, call);
    expect(called.statusCode).toBe(200);
    expect(await text(called)).toContain('"text":"a"');
  });
});

describe("limits", () => {
  const call = { name: "who", arguments: {} };

  it("count the requests at both processes together", async () => {
    const { url } = await upstream();
    const limits = [{ per: ["address" as const], rate: { requests: 3, perMs: 600_000 } }];
    const { clients, gateway, pids } = await startWith({ a: { url } }, { limits });
    const [one, other] = clients;
    const outcomes: unknown[] = [];
    for (const client of [one, other, one, other]) {
      outcomes.push((await client.ask("tools/call", call)).error?.message ?? "ok");
    }
    expect(outcomes.slice(0, 3)).toEqual(["ok", "ok", "ok"]);
    expect(outcomes[3]).toContain("Too many");
    expect(new Set(pids())).toEqual(new Set(gateway.pids));
  });

  it("free the places of a process that dies", async () => {
    const { url, held, release } = await upstream();
    const limits = [{ per: ["address" as const], concurrency: 1 }];
    const { clients, gateway, pids } = await startWith({ a: { url } }, { limits });
    const [one, other] = clients;
    const call = { arguments: {} };
    const holding = one.ask("tools/call", { ...call, name: "hold" }).catch(() => "lost");
    await held();
    const [holder = 0] = pids();
    const refused = await other.ask("tools/call", { ...call, name: "who" });
    expect(refused.error?.message).toContain("Too many");
    process.kill(holder, "SIGKILL");
    expect(await holding).toBe("lost");
    await readyProcess(gateway);
    const answered = await other.ask("tools/call", { ...call, name: "who" });
    expect(answered.result?.content).toEqual([{ type: "text", text: "a" }]);
    release();
  });
});

it("a module runs once for both processes, and again for none", async () => {
  const module = compiled(new URL("fixtures/spending-server.ts", import.meta.url));
  const upstreams = { only: { module, replicas: 2 } };
  const { clients, gateway, pids } = await startWith(upstreams);
  const [one, other] = clients;
  const replicas = new Set<string>();
  for (const client of [one, other, one, other]) {
    const { result } = await client.ask("tools/call", { name: "look", arguments: {} });
    replicas.add(JSON.stringify(result?.content));
  }
  expect(replicas.size).toBe(2);
  expect(new Set(pids())).toEqual(new Set(gateway.pids));
  const started = gateway.stderr.filter((line) => /replica \d is ready/.test(line));
  expect(started).toHaveLength(2);
  // A replacement finds the replicas that run.
  for (const pid of gateway.pids) process.kill(pid, "SIGKILL");
  await readyProcess(gateway);
  await readyProcess(gateway);
  for (const client of twoConnections(gateway.url)) {
    const { result } = await client.ask("tools/call", { name: "look", arguments: {} });
    expect(replicas).toContain(JSON.stringify(result?.content));
  }
  expect(gateway.stderr.filter((line) => /replica \d is ready/.test(line))).toEqual(started);
});
