import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { metaKeys } from "lutra/protocol";
import { expect, it } from "vitest";
import { after, answer, upstreamConfig } from "../delivery/fixtures/front.ts";
import { createUpstream } from "./create-upstream.ts";
import type { ModuleSpec, RunModule } from "./module-upstream.ts";

const config = upstreamConfig(["http://127.0.0.1:9/"], {
  url: undefined,
  module: "./server.ts",
  replicas: 2,
});
const done = '{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete"}}';
const request = {
  jsonrpc: "2.0",
  id: 1,
  method: "tools/list",
  params: {
    _meta: { [metaKeys.protocolVersion]: "2026-07-28", [metaKeys.clientCapabilities]: {} },
  },
} as const;

/** Runs nothing. A test adds replicas through `spec`. */
function runner() {
  const events: string[] = [];
  const state: {
    spec?: ModuleSpec;
    allReady?: () => void;
    fail?: (error: Error) => void;
  } = {};
  const modules: RunModule = (spec) => {
    state.spec = spec;
    const failed = new Promise<never>((_resolve, reject) => {
      state.fail = reject;
    });
    const ready = new Promise<void>((resolve) => {
      state.allReady = resolve;
    });
    return {
      ready: Promise.race([ready, failed]),
      failed,
      drain: () => void events.push("drain"),
      stop: async () => void events.push("stop"),
    };
  };
  return { modules, events, state };
}

async function startProcess(number: number) {
  const folder = mkdtempSync(join(tmpdir(), "lutra-test-"));
  const socketPath = join(folder, `${number}.sock`);
  const server = createServer((req, res) => {
    const isCheck = req.headers["mcp-method"] === "server/discover";
    answer(isCheck ? done.replace('"id":1', '"id":0') : done)(req, res);
  }).listen(socketPath);
  await once(server, "listening");
  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { number, pid: 4000 + number, socketPath };
}

it("has processes behind Unix sockets as replicas", async () => {
  const { modules, state } = runner();
  const upstream = createUpstream("test", config, { modules });
  after(() => upstream.close(0));
  expect(state.spec).toMatchObject({ name: "test", module: "./server.ts", replicas: 2 });
  expect(await upstream.ready(5)).toBe(false);
  const remove = state.spec?.onReady(await startProcess(1));
  state.spec?.onReady(await startProcess(2));
  expect(upstream.status().replicas).toMatchObject([{ state: "up" }, { state: "up" }]);
  const { signal } = new AbortController();
  expect(await upstream.serve(request, { signal, notify: () => {} })).toBeDefined();
  expect(upstream.status()).toMatchObject({
    kind: "module",
    replicas: [
      { name: "1", pid: 4001 },
      { name: "2", pid: 4002 },
    ],
  });
  remove?.();
  expect(upstream.status().replicas).toMatchObject([{ name: "2" }]);
});

it("is ready when all replicas are", async () => {
  const { modules, state } = runner();
  const upstream = createUpstream("test", config, { modules });
  after(() => upstream.close(0));
  let isReady = false;
  const ready = upstream.ready(60_000).then((value) => {
    isReady = value;
  });
  state.spec?.onReady(await startProcess(1));
  expect(isReady).toBe(false);
  state.allReady?.();
  await ready;
  expect(isReady).toBe(true);
});

it("is never ready when the module cannot be served", async () => {
  const { modules, state } = runner();
  const upstream = createUpstream("test", config, { modules });
  after(() => upstream.close(0));
  const ready = upstream.ready(60_000);
  state.fail?.(new Error("no server in it"));
  expect(await ready).toBe(false);
});

it("ends subscriptions, then requests in flight, then the processes", async () => {
  const { modules, events } = runner();
  await createUpstream("test", config, { modules }).close(10);
  expect(events).toEqual(["drain", "stop"]);
});

it("requires the option `modules`", () => {
  expect(() => createUpstream("test", config)).toThrow(
    new TypeError(
      'upstreams.test.module: requires the option "modules", or the command "lutra gateway"',
    ),
  );
});
