/** Unix sockets: those that a gateway listens on, and those of its upstreams. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { ConfigInput } from "./config/schema.ts";
import { startPlainServer } from "./fixtures/plain-server.ts";
import { createPoster } from "./fixtures/posting.ts";
import { startGateway } from "./gateway.ts";

const call = { name: "echo", arguments: {} };

function folderOf(): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), "lutra-sockets-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return (name) => join(folder, name);
}

async function gatewayOf(config: Partial<ConfigInput> & Pick<ConfigInput, "upstreams">) {
  const gateway = await startGateway({ admin: false, log: false, drainMs: 500, ...config });
  onTestFinished(() => gateway.close());
  return gateway;
}

/** Starts a gateway on a socket before a server on loopback. */
async function listening(listen: NonNullable<ConfigInput["listen"]>) {
  const upstream = await startPlainServer();
  const url = `http://127.0.0.1:${upstream.port}/mcp`;
  const gateway = await gatewayOf({ listen, upstreams: { plain: { url, verify: "upstream" } } });
  return { gateway, upstream, post: createPoster({ socketPath: listen.socket ?? "" }) };
}

describe("a gateway on a Unix socket", () => {
  it("serves over it with the configured mode, and removes it at the end", async () => {
    const socket = folderOf()("gateway.sock");
    const { gateway, post } = await listening({ socket, mode: "600" });
    expect(gateway.url).toBe(`unix:${socket}:/mcp`);
    expect(gateway.isLocal).toBe(true);
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect((await post("http://localhost/mcp", "tools/call", call)).status).toBe(200);
    await gateway.close();
    expect(statSync(socket, { throwIfNoEntry: false })).toBeUndefined();
  });

  it("replaces the file of a socket without a listener", async () => {
    const socket = folderOf()("gateway.sock");
    await leaveSocket(socket);
    const { post } = await listening({ socket });
    expect((await post("http://localhost/mcp", "tools/call", call)).status).toBe(200);
  });

  it("refuses a socket on which another process listens", async () => {
    const socket = folderOf()("gateway.sock");
    const { post } = await listening({ socket });
    await expect(listening({ socket })).rejects.toThrow(
      `listen.socket: ${socket} is in use; stop the other program, or choose another path`,
    );
    expect((await post("http://localhost/mcp", "tools/call", call)).status).toBe(200);
  });

  it("refuses a path in a folder that does not exist", async () => {
    const socket = folderOf()("missing/gateway.sock");
    await expect(listening({ socket })).rejects.toThrow(
      /^listen\.socket: .*(?:folder that exists|no permission)/,
    );
  });

  it.each([
    ["trusts", ["unix"], "192.0.2.7"],
    ["does not trust", [], undefined],
  ])("%s the addresses of proxies with trustedProxies %j", async (_what, trusted, expected) => {
    const socket = folderOf()("gateway.sock");
    const { post, upstream } = await listening({ socket, trustedProxies: trusted });
    const headers = { "x-forwarded-for": "192.0.2.7" };
    await post("http://localhost/mcp", "tools/call", call, headers);
    expect(upstream.lastHeaders()["x-forwarded-for"]).toBe(expected);
    expect(upstream.lastHeaders()["x-real-ip"]).toBe(expected);
  });
});

describe("an upstream on Unix sockets", () => {
  it.each(["upstream", "gateway"] as const)(
    "is called over them in turn where the %s compares headers",
    async (verify) => {
      const at = folderOf();
      const sockets = [at("a.sock"), at("b.sock")];
      await Promise.all(sockets.map((socket) => startPlainServer({ socket })));
      const url = "http://places.internal/mcp";
      const gateway = await gatewayOf({
        listen: { port: 0 },
        upstreams: { places: { url, socket: sockets, verify } },
      });
      await gateway.ready();
      const post = createPoster();
      const seen = new Set<unknown>();
      for (let turn = 0; turn < 4; turn += 1) {
        const { status, headers } = await post(gateway.url, "tools/call", call);
        expect(status).toBe(200);
        seen.add(headers["x-lutra-replica"]);
      }
      expect(seen.size).toBe(2);
      expect(gateway.upstreams()[0]?.replicas.map(({ address }) => address)).toEqual(sockets);
    },
  );

  it("answers 502 while there is no socket", async () => {
    const socket = folderOf()("none.sock");
    const gateway = await gatewayOf({
      listen: { port: 0 },
      upstreams: { places: { url: "http://localhost/mcp", socket } },
    });
    const { status, body } = await createPoster()(gateway.url, "tools/call", call);
    expect([status, body.error?.message]).toEqual([502, "The upstream is unreachable"]);
  });
});

/** Leaves the file of a socket behind, as a process that was killed does. */
async function leaveSocket(path: string): Promise<void> {
  const program = `require("node:net").createServer().listen(process.argv[1], () => {
    process.kill(process.pid, "SIGKILL");
  });`;
  const child = spawn(process.execPath, ["--eval", program, path], { stdio: "ignore" });
  await new Promise((resolve) => child.once("exit", resolve));
  expect(statSync(path).isSocket()).toBe(true);
}
