/** A gateway that serves with two processes: one address, one log, one view for operators. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FleetOverview } from "@lutra/console";
import type { ConfigInput } from "@lutra/gateway";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { signIn } from "../../packages/gateway/src/console/fixtures/sign-in.ts";
import { callTool } from "../cli/http.ts";
import { endLutra, runLutra, startLutra } from "../cli/run-lutra.ts";
import { writeConfig } from "./config-file.ts";
import { startLoad } from "./load.ts";
import {
  createLedger,
  readyProcess,
  startTwoProcesses,
  temporaryFolder,
  twoConnections,
} from "./processes.ts";
import { type RecordingUpstream, startRecordingUpstream } from "./recording-upstream.ts";
import { startGatewayCommand } from "./start-gateway.ts";

let a: RecordingUpstream;
let b: RecordingUpstream;
beforeEach(async () => {
  [a, b] = await Promise.all([startRecordingUpstream("a"), startRecordingUpstream("b")]);
});
afterEach(async () => {
  await Promise.all([a.close(), b.close()]);
});

const configOf = (more: Partial<ConfigInput> = {}): ConfigInput => ({
  listen: { port: 0 },
  admin: false,
  log: false,
  upstreams: { only: { url: a.url } },
  ...more,
});

const linesOf = (file: string) =>
  readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("the connections of one address", () => {
  it("go to both processes, and their lines to one log, which SIGUSR1 opens again", async () => {
    const { guard, pids } = createLedger();
    const file = join(temporaryFolder(), "access.log");
    const gateway = await startTwoProcesses(configOf({ log: { file }, guard }));
    const [one, other] = twoConnections(gateway.url);
    const call = { name: "who", arguments: {} };
    for (let turn = 0; turn < 20; turn += 1) {
      await Promise.all([one.ask("tools/call", call), other.ask("tools/call", call)]);
    }
    expect(new Set(pids())).toEqual(new Set(gateway.pids));
    await expect.poll(() => existsSync(file) && linesOf(file).length).toBe(40);
    renameSync(file, `${file}.1`);
    gateway.child.kill("SIGUSR1");
    await expect.poll(() => existsSync(file)).toBe(true);
    await one.ask("tools/call", { name: "echo", arguments: { text: "x" } });
    await endLutra(gateway);
    expect(linesOf(`${file}.1`).every(({ name }) => name === "who")).toBe(true);
    expect(linesOf(file)).toMatchObject([{ name: "echo" }]);
  });

  it("may come over a Unix socket, whose file a dead gateway has left", async () => {
    const socket = join(temporaryFolder(), "gateway.sock");
    const config = configOf({ listen: { socket, mode: "600" } });
    const first = await startGatewayCommand(config);
    first.child.kill("SIGKILL");
    await first.closed;
    const gateway = await startTwoProcesses(config);
    expect(gateway.url).toBe(`unix:${socket}:/mcp`);
    const { request } = await import("node:http");
    const status = await new Promise((resolve, reject) => {
      const sent = request({ socketPath: socket, path: "/", headers: { host: "localhost" } });
      sent.on("response", (response) => resolve(response.resume().statusCode));
      sent.on("error", reject);
      sent.end();
    });
    expect(status).toBe(200);
    await endLutra(gateway);
    expect(existsSync(socket)).toBe(false);
  });

  it("find a port in use reported as for one process", async () => {
    const { port } = new URL(a.url);
    const file = await writeConfig(configOf({ listen: { port: Number(port) } }));
    const second = runLutra("gateway", file.path, "--processes", "2");
    expect(await second.exited).toBe(1);
    await second.closed;
    expect(second.stderr.join()).toContain(`${port} is in use`);
    await file.remove();
  });
});

describe("a process that dies", () => {
  it("is replaced, while the other one serves", async () => {
    const gateway = await startTwoProcesses(configOf());
    const load = startLoad(gateway.url, "who", 8);
    await load.until("a");
    const [killed = 0, kept = 0] = gateway.pids;
    process.kill(killed, "SIGKILL");
    await gateway.line(new RegExp(`process \\d died \\(SIGKILL, pid ${killed}\\); restarting`));
    await load.until("a");
    const successor = await readyProcess(gateway);
    expect([killed, kept]).not.toContain(successor);
    await load.until("a");
    const { answers, failures } = await load.stop();
    // Only what was in flight at the process that died has no response.
    expect(failures.length).toBeLessThanOrEqual(8);
    expect(failures.filter((one) => !one.includes("fetch failed"))).toEqual([]);
    expect(answers).toBeGreaterThan(16);
  });

  it("starts with the configuration in force, though the file has an error", async () => {
    const gateway = await startTwoProcesses(configOf());
    await gateway.file.replace(configOf({ upstreams: { only: { url: b.url } } }));
    await gateway.line(/: reloaded$/);
    await gateway.file.replace("{");
    await gateway.line(/previous configuration remains active/);
    for (const pid of gateway.pids) process.kill(pid, "SIGKILL");
    await readyProcess(gateway);
    await readyProcess(gateway);
    const [one, other] = twoConnections(gateway.url);
    for (const client of [one, other]) {
      const { result } = await client.ask("tools/call", { name: "who", arguments: {} });
      expect(result?.content).toEqual([{ type: "text", text: "b" }]);
    }
  });

  it("repeatedly ends the gateway with its number and the cause", async () => {
    const folder = temporaryFolder();
    const module = join(folder, "auth.mjs");
    writeFileSync(module, "if (process.send) process.exit(3); export default () => undefined;");
    const file = await writeConfig(configOf({ auth: { module, anonymous: true } }));
    const lutra = runLutra("gateway", file.path, "--processes", "2");
    expect(await lutra.exited).toBe(1);
    await lutra.closed;
    expect(lutra.stderr.at(-1)).toMatch(
      /gave up: process \d died 5 times in a row before it had served for 1 s; last cause: exit code 3/,
    );
    await file.remove();
  });
});

describe("a reload", () => {
  it("reaches both processes and drops no request", async () => {
    const gateway = await startTwoProcesses(configOf());
    const load = startLoad(gateway.url, "who", 8);
    await load.until("a");
    await gateway.file.replace(configOf({ upstreams: { only: { url: b.url } } }));
    gateway.child.kill("SIGHUP");
    await gateway.line(/: reloaded$/);
    const before = a.calls.length;
    for (let turn = 0; turn < 8; turn += 1) await load.until("b");
    expect((await load.stop()).failures).toEqual([]);
    // A call that began before may have reached its upstream later.
    expect(a.calls.length).toBeLessThanOrEqual(before + 8);
  });

  it("that one process can't load changes none", async () => {
    const folder = temporaryFolder();
    const [module, loads] = [join(folder, "auth.mjs"), join(folder, "loads")];
    const gateway = await startTwoProcesses(configOf());
    // The supervisor and the first process can load it.
    writeFileSync(
      module,
      `import { appendFileSync, readFileSync } from "node:fs";
      appendFileSync(${JSON.stringify(loads)}, "x");
      if (readFileSync(${JSON.stringify(loads)}, "utf8").length > 2) throw new Error("third load");
      export default () => undefined;`,
    );
    await gateway.file.replace(
      configOf({ auth: { module, anonymous: true }, upstreams: { only: { url: b.url } } }),
    );
    await gateway.line(/third load/);
    await gateway.line(/previous configuration remains active/);
    const [one, other] = twoConnections(gateway.url);
    for (const client of [one, other]) {
      const { result } = await client.ask("tools/call", { name: "who", arguments: {} });
      expect(result?.content).toEqual([{ type: "text", text: "a" }]);
    }
  });
});

describe("the admin listener", () => {
  it("answers for both processes", async () => {
    const gateway = await startTwoProcesses(configOf({ admin: { port: 0 } }));
    const [, admin = ""] = await gateway.line(/health and metrics on (\S+)/);
    const read = async (path: string) => {
      const response = await fetch(new URL(path, admin));
      return { status: response.status, text: await response.text() };
    };
    const metric = async (series: string) => {
      const { text } = await read("/metrics");
      const line = text.split("\n").find((one) => one.startsWith(series));
      return line && Number(line.slice(line.lastIndexOf(" ") + 1));
    };
    const [one, other] = twoConnections(gateway.url);
    for (const client of [one, one, other]) {
      await client.ask("tools/call", { name: "who", arguments: {} });
    }
    const calls = 'lutra_gateway_requests_total{method="tools/call"';
    await expect.poll(() => metric(calls)).toBe(3);
    expect(await metric("lutra_gateway_processes")).toBe(2);
    expect(await metric('lutra_gateway_replicas{upstream="only",state="up"}')).toBe(1);
    expect(
      (await read("/metrics")).text.match(/^# TYPE lutra_gateway_reloads_total/gm),
    ).toHaveLength(1);
    await expect.poll(() => read("/readyz")).toEqual({ status: 200, text: "ready\n" });
    expect(await read("/readyz/only")).toEqual({ status: 200, text: "ready\n" });
    expect(JSON.parse((await read("/upstreams")).text)).toMatchObject([
      { name: "only", queued: 0, replicas: [{ state: "up" }] },
    ]);
    const { rows } = JSON.parse((await read("/eras")).text) as { rows: { requests: number }[] };
    expect(rows.reduce((sum, { requests }) => sum + requests, 0)).toBe(3);

    // The counts of a process outlive it.
    for (const pid of gateway.pids) process.kill(pid, "SIGKILL");
    await readyProcess(gateway);
    await readyProcess(gateway);
    expect(await metric(calls)).toBe(3);
    expect(await metric("lutra_gateway_process_deaths_total")).toBe(2);
  });
});

describe("the console", () => {
  it("shows both processes, and drains a replica in both and in those that replace them", async () => {
    const gateway = await startTwoProcesses(
      configOf({
        admin: { port: 0, console: {} },
        upstreams: { only: { url: [a.url, b.url], balance: "round-robin" } },
      }),
    );
    const [, adminUrl = ""] = await gateway.line(/health and metrics on (\S+)/);
    const [, consoleUrl = ""] = await gateway.line(/console on (\S+)/);
    const { get, change } = await signIn({ adminUrl, consoleUrl });
    const call = async () => {
      for (const client of twoConnections(gateway.url)) {
        const { result } = await client.ask("tools/call", { name: "who", arguments: {} });
        expect(result).toBeDefined();
      }
    };
    await call();
    const fleet = () => get<FleetOverview>("fleet");
    await expect.poll(async () => (await fleet()).load.exchanges).toBe(2);
    await change("fleet/drain", { upstream: "only", replica: "1" });
    const states = async () => (await fleet()).upstreams[0]?.replicas.map(({ state }) => state);
    await expect.poll(states).toEqual(["drained", "up"]);
    const before = a.calls.length;
    await call();
    for (const pid of gateway.pids) process.kill(pid, "SIGKILL");
    await readyProcess(gateway);
    await readyProcess(gateway);
    await call();
    await call();
    expect(a.calls).toHaveLength(before);
    await change("fleet/readmit", { upstream: "only", replica: "1" });
    await expect.poll(states).toEqual(["up", "up"]);
  });
});

it("`lutra up --processes` puts two processes in front of the replicas", async () => {
  const lutra = await startLutra("up", "who-server.mjs", "--replicas", "1", "--processes", "2");
  const pids = [await readyProcess(lutra), await readyProcess(lutra)];
  process.kill(pids[0] as number, "SIGKILL");
  await readyProcess(lutra);
  expect((await callTool(lutra.url, "who")).status).toBe(200);
  expect(lutra.stderr.filter((line) => line.includes("replica 1 is ready"))).toHaveLength(1);
  await endLutra(lutra);
});

it("`gateway check --processes` says what each process has for itself", async () => {
  const file = await writeConfig(
    configOf({ upstreams: { program: { command: ["node", "x.mjs"] } } }),
  );
  const check = runLutra("gateway", "check", file.path, "--processes", "2");
  expect(await check.exited).toBe(0);
  await check.closed;
  expect(check.stdout).toContain(
    "upstreams.program.command: each of 2 processes runs its own program",
  );
  await file.remove();
});
