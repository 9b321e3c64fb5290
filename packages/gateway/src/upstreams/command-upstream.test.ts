import { fileURLToPath } from "node:url";
import { type JSONRPCRequest, metaKeys } from "lutra/protocol";
import { describe, expect, it } from "vitest";
import { after, createRecord, upstreamConfig } from "../delivery/fixtures/front.ts";
import { recordIn } from "../exchange-record.ts";
import { headOf, modern } from "../fixtures/head-of.ts";
import { createManualTime } from "../replicas/fixtures/manual-time.ts";
import { type CommandUpstreamOptions, createCommandUpstream } from "./command-upstream.ts";

const program = fileURLToPath(new URL("./fixtures/stdio-server.mjs", import.meta.url));

function start(settings: object = {}, options: CommandUpstreamOptions = {}) {
  const command = [process.execPath, program];
  const config = upstreamConfig(["http://127.0.0.1:9/"], { url: undefined, command, ...settings });
  const upstream = createCommandUpstream(
    "test",
    { ...config, command: config.command ?? command },
    options,
  );
  after(() => upstream.close(0));
  return upstream;
}

let id = 0;

function message(method: string, name?: string): JSONRPCRequest {
  id += 1;
  const _meta = { [metaKeys.protocolVersion]: "2026-07-28", [metaKeys.clientCapabilities]: {} };
  return { jsonrpc: "2.0", id, method, params: { _meta, ...(name && { name }) } };
}

function contextFor(signal = new AbortController().signal) {
  const context = { signal, notify: () => {} };
  const record = createRecord(headOf(...modern("tools/call", "x")));
  recordIn(context, record);
  return { context, record };
}

it("answers many requests from one process, and has no `forward`", async () => {
  const upstream = start();
  const results = await Promise.all(
    Array.from({ length: 20 }, () => upstream.serve(message("tools/list"), contextFor().context)),
  );
  expect(new Set(results.map(({ pid }) => pid)).size).toBe(1);
  expect(upstream.forward).toBeUndefined();
  expect(upstream.status()).toMatchObject({
    kind: "command",
    inFlight: 0,
    ownSubscriptions: 0,
    replicas: [{ name: "1", state: "up", pid: results[0]?.pid, address: process.execPath }],
  });
});

it("resolves `ready` to true if the command starts, and to false otherwise", async () => {
  expect(await start().ready(5000)).toBe(true);
  expect(await start({ command: ["/nowhere/at/all"] }).ready(5000)).toBe(false);
});

it("reports a program that does not exist in its status, and to clients without its name", async () => {
  const upstream = start({ command: ["nowhere-at-all"] });
  const reason =
    'The server "nowhere-at-all" did not start: there is no such program; install it, give its full path, or set PATH in env';
  expect(await upstream.ready(5000)).toBe(false);
  expect(upstream.status().replicas[0]?.lastError).toBe(reason);
  const { context, record } = contextFor();
  await expect(upstream.serve(message("tools/call", "x"), context)).rejects.toMatchObject({
    status: 502,
    message: "The program of the upstream did not start (ENOENT)",
  });
  expect(record.reason).toBe("not-started");
  expect(upstream.status().replicas[0]?.lastError).toBe(reason);
});

it("basic/transports/stdio#unexpected-termination: restarts a process that has died", async () => {
  const upstream = start();
  const { context, record } = contextFor();
  await expect(upstream.serve(message("tools/call", "die"), context)).rejects.toMatchObject({
    status: 502,
    data: { upstream: "test" },
  });
  expect(record).toMatchObject({ attempts: 1, reason: "broken", replica: "1" });
  expect(upstream.status().replicas[0]).toMatchObject({ state: "starting", failures: 1 });
  expect(await upstream.serve(message("tools/list"), contextFor().context)).toBeDefined();
});

it("retries a request that may run twice in a new process", async () => {
  const { context, record } = contextFor();
  const upstream = start({ retries: { attempts: 3 } });
  await expect(upstream.serve(message("prompts/get", "x"), context)).rejects.toMatchObject({
    status: 502,
  });
  expect(record.attempts).toBe(3);
});

describe("a program that exits repeatedly", () => {
  function startDying() {
    const time = createManualTime();
    const warnings: string[] = [];
    const upstream = start(
      {},
      {
        clock: time,
        restarts: { max: 1, windowMs: 30_000, delayMs: 0, now: time.now },
        onWarning: (message) => warnings.push(message),
      },
    );
    const call = (name: string) =>
      upstream.serve(message("tools/call", name), contextFor().context);
    const dieTwice = async () => {
      await expect(call("die")).rejects.toMatchObject({ status: 502 });
      await expect(call("die")).rejects.toMatchObject({ status: 502 });
    };
    return { time, warnings, upstream, call, dieTwice };
  }

  it("answers 503 to a request that was not sent, with the time until the restart", async () => {
    const { time, upstream, dieTwice } = startDying();
    await dieTwice();
    time.advance(10_000);
    const { context, record } = contextFor();
    await expect(upstream.serve(message("tools/call", "x"), context)).rejects.toMatchObject({
      status: 503,
      retryAfterMs: 20_000,
      message: "The program of the upstream has exited and will be restarted",
    });
    expect(record.reason).toBe("restarting");
  });

  it("is reported once, and is `out` until it is restarted without a request", async () => {
    const { time, warnings, upstream, call, dieTwice } = startDying();
    await dieTwice();
    await expect(call("x")).rejects.toMatchObject({ status: 503 });
    await expect(call("x")).rejects.toMatchObject({ status: 503 });
    expect(upstream.status().replicas[0]).toMatchObject({ state: "out", failures: 4 });
    expect(warnings).toEqual([
      expect.stringMatching(/^upstream "test": .*exited more than 1 times.*\n.* in 30 s$/s),
    ]);
    time.advance(30_000);
    await expect.poll(() => upstream.status().replicas[0]?.state).toBe("up");
    await expect
      .poll(() => warnings.slice(1))
      .toEqual(['upstream "test": the program has been restarted']);
    expect(await call("x")).toBeDefined();
  });
});

it("answers 503 while the program exits before it has received the request", async () => {
  const command = [process.execPath, "-e", "process.exit(3)"];
  const upstream = start({ command });
  const { context, record } = contextFor();
  await expect(upstream.serve(message("tools/call", "x"), context)).rejects.toMatchObject({
    status: 503,
  });
  expect(record.reason).toBe("restarting");
  expect(upstream.status().replicas[0]?.lastError).toMatch(/exited with code 3/);
});

it("lists its tools after the first lookup of one", async () => {
  const upstream = start();
  expect(upstream.tool("look")).toBeUndefined();
  await expect.poll(() => upstream.tool("look")?.annotations).toEqual({ readOnlyHint: true });
});

it.each([
  ["first-byte-timeout", { firstByteMs: 50 }],
  ["total-timeout", { totalMs: 50 }],
])("rejects with 504 when the server does not answer: %s", async (reason, timeouts) => {
  const upstream = start({ timeouts });
  await upstream.ready(5000);
  const { context, record } = contextFor();
  await expect(upstream.serve(message("tools/call", "silent"), context)).rejects.toMatchObject({
    status: 504,
  });
  expect(record.reason).toBe(reason);
});

it("rejects with the client's abort", async () => {
  const upstream = start();
  await upstream.ready(5000);
  const controller = new AbortController();
  const { context } = contextFor(controller.signal);
  const answered = upstream.serve(message("tools/call", "silent"), context);
  controller.abort();
  await expect(answered).rejects.toMatchObject({ name: "TransportError", reason: "aborted" });
  expect(upstream.status().inFlight).toBe(0);
});

it("refuses requests when its queue is full, and after close", async () => {
  const upstream = start({ concurrency: { max: 1, queue: 0 } });
  await upstream.ready(5000);
  const silent = upstream.serve(message("tools/call", "silent"), contextFor().context);
  silent.catch(() => {});
  const refused = () => upstream.serve(message("tools/list"), contextFor().context);
  await expect(refused()).rejects.toMatchObject({ status: 503, retryAfterMs: 1000 });
  const closed = upstream.close(0);
  await expect(refused()).rejects.toMatchObject({ status: 503 });
  await expect(silent).rejects.toMatchObject({ status: 502 });
  await closed;
});
