import { once } from "node:events";
import { createServer } from "node:net";
import { createClient } from "lutra/client";
import { beforeAll, describe, expect, it } from "vitest";
import { compiled } from "../compiled.ts";
import { type Answer, ask, callTool, messagesOf, send, untilInTurn } from "./http.ts";
import { type RunningServer, runLutra, startLutra } from "./run-lutra.ts";

const server = compiled(new URL("fixtures/fleet-server.ts", import.meta.url));
const startFleet = () => startLutra("up", server);

/** Returns the process id of each replica from the notices of the fleet. */
function pidsOf({ stderr }: RunningServer): ReadonlyMap<string, number> {
  const found = stderr.flatMap((line) => [
    ...line.matchAll(/^lutra: replica (\d+) is ready(?: again)?, pid (\d+)$/g),
  ]);
  return new Map(found.map(([, replica = "", pid]) => [replica, Number(pid)]));
}

function textOf({ body }: Answer): string | undefined {
  const content = (body.result?.content ?? []) as readonly { readonly text: string }[];
  return content[0]?.text;
}

describe("a fleet", () => {
  let fleet: RunningServer;

  beforeAll(async () => {
    fleet = await startFleet();
    await untilInTurn(fleet.url);
  });

  it("prints its URL once all replicas are ready, each in its own process", async () => {
    expect(fleet.stdout).toEqual([`listening on ${fleet.url}`]);
    const pids = pidsOf(fleet);
    expect(new Set(pids.values()).size).toBe(3);
    for (let call = 0; call < 6; call += 1) {
      const answer = await callTool(fleet.url, "pid");
      expect(textOf(answer)).toBe(String(pids.get(answer.replica ?? "")));
    }
  });

  it("lets one replica finish a call that another one began, only once", async () => {
    const { url } = fleet;
    const asked = await callTool(url, "ask");
    expect(asked.body.result?.resultType).toBe("input_required");
    const retry = {
      requestState: asked.body.result?.requestState,
      inputResponses: { sure: { action: "accept", content: { sure: true } } },
    };
    const finished = await callTool(url, "ask", retry);
    expect(finished.replica).not.toBe(asked.replica);
    const [action, first, second] = textOf(finished)?.split(" ") ?? [];
    expect(action).toBe("accept");
    expect(first).not.toBe(second);

    const replayed = await callTool(url, "ask", retry);
    expect([asked.replica, finished.replica]).not.toContain(replayed.replica);
    expect(replayed.body.error?.message).toBe("params.requestState: already used");
  });

  it("lets one replica continue a list that another one began", async () => {
    const { url } = fleet;
    const first = await ask(url, "tools/list");
    const second = await ask(url, "tools/list", { cursor: first.body.result?.nextCursor });
    expect(second.replica).not.toBe(first.replica);
    const names = [first, second].flatMap(({ body }) => body.result?.tools as { name: string }[]);
    expect(names.map(({ name }) => name)).toEqual(["pid", "ask", "wait", "step"]);
  });

  it("notifies subscriptions at one replica of changes at another", async () => {
    const { url } = fleet;
    const notifications = { toolsListChanged: true, resourceSubscriptions: ["fixture://note"] };
    const listening = await send(url, "subscriptions/listen", { notifications });
    const messages = messagesOf(listening);
    expect((await messages.next()).value?.method).toBe("notifications/subscriptions/acknowledged");
    const changed = await callTool(url, "change");
    expect(changed.replica).not.toBe(listening.headers.get("x-lutra-replica"));
    const heard = [(await messages.next()).value?.method, (await messages.next()).value?.method];
    expect(heard).toEqual(["notifications/tools/list_changed", "notifications/resources/updated"]);
  });

  it("forwards progress while the tool is running", async () => {
    const { url } = fleet;
    const params = { name: "step", arguments: {} };
    const meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
      progressToken: "p",
    };
    const body = JSON.stringify({
      ...{ jsonrpc: "2.0", id: 1, method: "tools/call" },
      params: { ...params, _meta: meta },
    });
    const messages = messagesOf(await send(url, "tools/call", params, { body }));
    expect((await messages.next()).value?.method).toBe("notifications/progress");
    await callTool(url, "next");
    expect((await messages.next()).value).toMatchObject({
      id: 1,
      result: { resultType: "complete" },
    });
  });

  it("cancels a call when its client disconnects", async () => {
    const client = new AbortController();
    const params = { name: "wait", arguments: {} };
    const call = send(fleet.url, "tools/call", params, { signal: client.signal });
    const [, pid] = await fleet.line(/^fixture: waiting in (\d+)$/);
    client.abort();
    await expect(call).rejects.toThrow();
    await fleet.line(new RegExp(`^fixture: aborted in ${pid}$`));
  });

  it("refuses a foreign Host and an oversized body, like a single server", async () => {
    const { url } = fleet;
    const port = Number(new URL(url).port);
    const { request } = await import("node:http");
    const foreign = request({ port, path: "/mcp", method: "POST", headers: { host: "evil.test" } });
    const [refused] = await once(foreign.end("{}"), "response");
    expect(refused.statusCode).toBe(403);
    const body = "x".repeat(4_194_305);
    expect((await send(url, "tools/call", {}, { body })).status).toBe(413);
  });
});

it("starts the given number of replicas", async () => {
  const fleet = await startLutra("up", "fleet-server.ts", "--replicas", "1");
  expect([...pidsOf(fleet).keys()]).toEqual(["1"]);
  expect((await callTool(fleet.url, "pid")).replica).toBe("1");
});

it("keeps serving while a replica is killed and restarted", async () => {
  const fleet = await startFleet();
  const pid = pidsOf(fleet).get("2");
  if (pid === undefined) throw new Error("expected the pid of the second replica");
  const statuses = new Map<number, number>();
  let isBack = false;
  const load = Array.from({ length: 8 }, async () => {
    while (!isBack) {
      const { status, body } = await callTool(fleet.url, "pid");
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status !== 200)
        expect(body.error?.message).toMatch(/^The connection to the upstream failed/);
    }
  });
  process.kill(pid, "SIGKILL");
  expect((await fleet.line(/^lutra: replica 2 died/)).input).toBe(
    `lutra: replica 2 died (SIGKILL, pid ${pid}); restarting in 0.1 s`,
  );
  await fleet.line(/^lutra: replica 2 is ready again/);
  isBack = true;
  await Promise.all(load);
  // Only calls in flight at that replica may fail.
  expect(statuses.get(502) ?? 0).toBeLessThanOrEqual(8);
  expect([...statuses.keys()].filter((status) => status !== 200 && status !== 502)).toEqual([]);
  const replicas = new Set<string | null>();
  for (let call = 0; call < 3; call += 1) replicas.add((await callTool(fleet.url, "pid")).replica);
  expect([...replicas].sort()).toEqual(["1", "2", "3"]);
});

it("does not retry a call whose replica is killed", async () => {
  const fleet = await startFleet();
  const call = callTool(fleet.url, "wait");
  const [, pid] = await fleet.line(/^fixture: waiting in (\d+)$/);
  process.kill(Number(pid), "SIGKILL");
  const { status, body } = await call;
  expect(status).toBe(502);
  expect(body).toEqual({
    jsonrpc: "2.0",
    id: expect.anything(),
    error: {
      code: -32603,
      message: "The connection to the upstream failed before the response was complete",
      data: { upstream: "fleet" },
    },
  });
  expect(fleet.stderr.filter((line) => line.startsWith("fixture: waiting"))).toHaveLength(1);
});

it.each(["SIGINT", "SIGTERM"] as const)("ends gracefully on %s", async (signal) => {
  const fleet = await startFleet();
  const messages = messagesOf(
    await send(fleet.url, "subscriptions/listen", { notifications: { toolsListChanged: true } }),
  );
  await messages.next();
  fleet.child.kill(signal);
  expect((await messages.next()).value).toMatchObject({
    id: 1,
    result: { resultType: "complete" },
  });
  expect(await fleet.exited).toBe(0);
  await fleet.closed;
  await expect(callTool(fleet.url, "pid")).rejects.toThrow();
});

it("lets a call in flight finish at shutdown", async () => {
  const fleet = await startFleet();
  const client = createClient(fleet.url);
  let onStart = () => {};
  const started = new Promise<void>((resolve) => {
    onStart = resolve;
  });
  const call = client.callTool("last", {}, { onProgress: onStart });
  await started;
  fleet.child.kill("SIGTERM");
  expect((await call).content).toEqual([{ type: "text", text: "done" }]);
  expect(await fleet.exited).toBe(0);
  await client.close();
});

it("ends at once on a second signal", async () => {
  const fleet = await startFleet();
  void callTool(fleet.url, "wait").catch(() => {});
  await fleet.line(/^fixture: waiting/);
  const repeat = setInterval(() => fleet.child.kill("SIGINT"), 100);
  expect(await fleet.exited).toBe(1);
  clearInterval(repeat);
  await fleet.closed;
});

it("leaves no process behind when it is killed", async () => {
  const fleet = await startFleet();
  fleet.child.kill("SIGKILL");
  expect(await fleet.exited).toBe("SIGKILL");
  // Replicas inherit the standard streams, which close when the last replica ends.
  await fleet.closed;
});

it("reports a port that is in use before it starts any replica", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const address = other.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const fleet = runLutra("up", "fleet-server.ts", "--port", String(port));
  expect(await fleet.exited).toBe(1);
  await fleet.closed;
  expect(fleet.stderr).toEqual([expect.stringMatching(`^lutra: port ${port} is in use;`)]);
  other.close();
});

it.each([
  ["missing.ts", "lutra: cannot load missing.ts: no such file"],
  ["throws.mjs", "lutra: cannot load throws.mjs: Error: the database is unavailable"],
  ["unshareable.mjs", "lutra: cannot serve unshareable.mjs: this server can't share"],
])("reports the problem with %s once", async (module, message) => {
  const fleet = runLutra("up", module, "--port", "0");
  expect(await fleet.exited).toBe(1);
  await fleet.closed;
  expect(fleet.stderr.filter((line) => line.startsWith("lutra:"))).toEqual([message]);
  expect(fleet.stdout).toEqual([]);
});

it("gives up on a replica that keeps dying", async () => {
  const fleet = runLutra("up", "dies.mjs", "--replicas", "1", "--port", "0");
  expect(await fleet.exited).toBe(1);
  await fleet.closed;
  const last = fleet.stderr.at(-1);
  expect(last).toMatch(
    /^lutra: gave up: replica 1 died 5 times in a row before it had served for 1 s; .*code 7/,
  );
});
