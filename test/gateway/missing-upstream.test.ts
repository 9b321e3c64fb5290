/** The answers of a gateway while a merged upstream is unavailable. */
import { once } from "node:events";
import { createServer as createNetServer } from "node:net";
import { type ConfigInput, type Gateway, startGateway } from "@lutra/gateway";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { callTool, send } from "../cli/http.ts";
import { runLutra } from "../cli/run-lutra.ts";
import { writeConfig } from "./config-file.ts";
import { type RecordingUpstream, startRecordingUpstream } from "./recording-upstream.ts";
import { startGatewayCommand } from "./start-gateway.ts";

const quiet = { listen: { port: 0 }, admin: false, log: false } as const;

let a: RecordingUpstream;

beforeEach(async () => {
  a = await startRecordingUpstream("a");
  return () => a.close();
});

async function start(config: ConfigInput): Promise<Gateway> {
  const gateway = await startGateway(config, { notice: () => {} });
  onTestFinished(() => gateway.close());
  return gateway;
}

describe("a gateway with an unavailable upstream", () => {
  interface Listed {
    readonly tools: readonly { readonly name: string }[];
    readonly _meta?: object;
  }

  it("reports it beside the lists of the others, and merges its lists once it is available", async () => {
    const port = await freePort();
    const gateway = await start({
      ...quiet,
      upstreams: {
        here: { url: a.url },
        absent: {
          url: `http://127.0.0.1:${port}/mcp`,
          health: { intervalMs: 50, ejectMs: 50, maxEjectMs: 50 },
        },
      },
    });
    const list = async (): Promise<Listed> => {
      const response = await send(gateway.url, "tools/list");
      expect(response.status).toBe(200);
      return ((await response.json()) as { result: Listed }).result;
    };
    const partial = await list();
    const names = partial.tools.map(({ name }) => name).join();
    expect(names).toContain("who");
    expect(JSON.stringify(partial._meta)).toContain("absent");
    expect(JSON.stringify(partial._meta)).not.toContain("here");

    const late = await startRecordingUpstream("late", port);
    // A list that was cached as if it were complete would never change.
    let complete = await list();
    while (complete.tools.length === partial.tools.length) complete = await list();
    expect(complete.tools).toHaveLength(2 * partial.tools.length);
    expect(JSON.stringify(complete._meta)).not.toContain("absent");
    await late.close();
  });

  it("answers calls to the other upstreams", async () => {
    const gateway = await start({
      ...quiet,
      upstreams: {
        here: { url: a.url },
        absent: { url: `http://127.0.0.1:${await freePort()}/mcp` },
      },
    });
    expect((await callTool(gateway.url, "who")).status).toBe(200);
  });
});

describe("lutra gateway", () => {
  it("listens at once, and later reports the upstreams that do not answer", async () => {
    const port = await freePort();
    const gateway = await startGatewayCommand({
      listen: { port: 0 },
      admin: { port: 0 },
      log: false,
      upstreams: {
        here: { url: a.url },
        absent: {
          url: `http://127.0.0.1:${port}/mcp`,
          health: { intervalMs: 50, ejectMs: 50, maxEjectMs: 50 },
        },
      },
    });
    expect(gateway.stderr.join()).not.toContain("is not available yet");
    expect((await callTool(gateway.url, "who")).status).toBe(200);
    const [, adminUrl = ""] = await gateway.line(/health and metrics on (\S+)/);
    const readiness = async (path = "/readyz") => {
      const response = await fetch(new URL(path, adminUrl));
      return `${response.status} ${await response.text()}`;
    };
    expect(await readiness()).toBe("200 ready\nno replica answers at absent\n");
    expect(await readiness("/readyz/absent")).toBe("503 not ready: no replica answers at absent\n");
    expect(await readiness("/readyz/here")).toBe("200 ready\n");
    await gateway.line(/^lutra: upstream absent is not available yet: connect ECONNREFUSED /);
    const late = await startRecordingUpstream("late", port);
    await expect.poll(readiness).toBe("200 ready\n");
    await late.close();
  });
});

describe("lutra gateway with a program that does not exist", () => {
  it("says so at the start, and when it is called", async () => {
    const gateway = await startGatewayCommand({
      listen: { port: 0 },
      admin: false,
      log: false,
      upstreams: { desk: { command: ["nowhere-at-all"] } },
    });
    await gateway.line(
      /^lutra: upstream desk is not available yet: .*"nowhere-at-all" did not start: there is no such program; install it/,
    );
    const { status, body } = await callTool(gateway.url, "any");
    expect([status, body.error?.message]).toEqual([
      502,
      "The program of the upstream did not start (ENOENT)",
    ]);
  });
});

describe("lutra gateway with a host that can't be resolved", () => {
  it("says so, and shows it beside the upstream", async () => {
    // A name of this length is invalid, so no name server is asked.
    const host = "x".repeat(64);
    const gateway = await startGatewayCommand({
      listen: { port: 0 },
      admin: { port: 0 },
      log: false,
      upstreams: { desk: { url: `http://${host}:9/mcp` }, here: { url: a.url } },
    });
    const [, adminUrl = ""] = await gateway.line(/health and metrics on (\S+)/);
    await gateway.line(/^lutra: upstream "desk": the host "x+" can't be resolved: getaddrinfo /);
    await gateway.line(
      /^lutra: upstream desk is not available yet: the host "x+" can't be resolved: /,
    );
    const shown = await fetch(new URL("/upstreams", adminUrl));
    expect(await shown.json()).toMatchObject([
      { name: "desk", replicas: [], lookupError: expect.stringContaining("can't be resolved") },
      { name: "here" },
    ]);
  });
});

describe("lutra gateway with an address that is unavailable", () => {
  const upstreams = { desk: { url: "http://127.0.0.1:9/mcp" } };

  it.each([
    [
      "listen.host",
      { listen: { host: "192.0.2.1" } },
      "192.0.2.1 is not an address of this machine; choose another one with listen.host",
    ],
    [
      "admin.host",
      { listen: { port: 0 }, admin: { host: "192.0.2.1" } },
      "192.0.2.1 is not an address of this machine; choose another one with admin.host",
    ],
  ])("names %s", async (_key, addresses, message) => {
    const file = await writeConfig({ upstreams, ...addresses });
    onTestFinished(() => file.remove());
    const lutra = runLutra("gateway", file.path);
    expect(await lutra.exited).toBe(1);
    await lutra.closed;
    expect(lutra.stderr).toEqual([`lutra: ${message}`]);
  });

  it("names the key of a port that is in use", async () => {
    const server = createNetServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { readonly port: number };
    const messageFor = async (addresses: Pick<ConfigInput, "listen" | "admin">) => {
      const file = await writeConfig({ upstreams, ...addresses });
      onTestFinished(() => file.remove());
      const lutra = runLutra("gateway", file.path);
      expect(await lutra.exited).toBe(1);
      await lutra.closed;
      return lutra.stderr.join("\n");
    };
    const inUse = `lutra: port ${port} is in use; stop the other program, or choose another port with`;
    expect(await messageFor({ listen: { port } })).toBe(`${inUse} listen.port`);
    expect(await messageFor({ listen: { port: 0 }, admin: { port } })).toBe(`${inUse} admin.port`);
    server.close();
  });
});

/** A port without a listener. */
async function freePort(): Promise<number> {
  const server = createNetServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, "close");
  return port;
}
