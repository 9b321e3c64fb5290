/** The store of tasks and handles, and the event bus: `--store` and `--bus`. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasPostgres, type PostgresServer, startPostgres } from "../stores/postgres-server.ts";
import { endLutra as end, type RunningServer, runLutra, startLutra } from "./run-lutra.ts";
import { begin, connect, tasksModule as module, textOf } from "./tasks-client.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lutra-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a fleet without a configured store", () => {
  let fleet: RunningServer;
  const { TMPDIR } = process.env;
  beforeAll(async () => {
    process.env.TMPDIR = folder;
    fleet = await startLutra("up", module);
  });

  afterAll(() => {
    delete process.env.TMPDIR;
    if (TMPDIR !== undefined) process.env.TMPDIR = TMPDIR;
  });

  it("reads a handle at every replica", async () => {
    const client = connect(fleet.url);
    const note = textOf(await client.callTool("keep"));
    const read: string[] = [];
    for (let call = 0; call < 3; call += 1) {
      read.push(textOf(await client.callTool("recall", { note })));
    }
    expect(new Set(read)).toEqual(new Set([expect.stringMatching(/^kept by \d+$/)]));
    await client.close();
  });

  it("finishes a task at another replica when the one that runs it is killed", async () => {
    const { client, taskId, pid } = await begin(fleet.url);
    process.kill(pid, "SIGKILL");
    const result = textOf(await client.tasks.resume(taskId));
    expect(result).toMatch(new RegExp(`^begun by ${pid}, ended by \\d+$`));
    await client.close();
  });

  it.each(["SIGTERM", "SIGKILL"] as const)("leaves no file behind on %s", async (signal) => {
    const other = signal === "SIGTERM" ? fleet : await startLutra("up", module);
    const temporary = () => readdirSync(folder).filter((name) => name.startsWith("lutra-"));
    const [own = ""] = temporary();
    expect(existsSync(join(folder, own, "state.db"))).toBe(true);
    other.child.kill(signal);
    await other.closed;
    expect(temporary()).toEqual([]);
  });
});

it.each([["up"], ["serve"]])("finishes a task after lutra %s restarts", async (command) => {
  const store = ["--store", `sqlite:${join(folder, command, "state.db")}`];
  const first = await startLutra(command, module, ...store);
  const { client, taskId, pid } = await begin(first.url);
  const note = textOf(await client.callTool("keep"));
  await client.close();
  await end(first);

  const second = await startLutra(command, module, ...store);
  const later = connect(second.url);
  const result = textOf(await later.tasks.resume(taskId));
  expect(result).toMatch(new RegExp(`^begun by ${pid}, ended by \\d+$`));
  expect(textOf(await later.callTool("recall", { note }))).toMatch(/^kept by \d+$/);
  await later.close();
  await end(second);
});

it.each([
  [["--store", "mysql://u:secret@host/db"], 2, "--store: expected memory:, sqlite:./state.db or"],
  [["--store", "postgres:u:secret@host"], 2, "--store: expected memory:, sqlite:./state.db or"],
  [["--bus", "sqlite:./state.db"], 2, "--bus: expected redis://host:6379 or postgres://"],
  [
    ["--store", "sqlite:./missing/folder/state.db"],
    1,
    "cannot open the store: ./missing/folder/state.db: the folder ./missing/folder does not exist",
  ],
  [
    ["--store", "postgres://u:secret@127.0.0.1:1/db"],
    1,
    "cannot open the store: postgres at 127.0.0.1:1 is unreachable: connection refused",
  ],
  [
    ["--bus", "redis://:secret@127.0.0.1:1"],
    1,
    "cannot open the bus: redis at 127.0.0.1:1 is unreachable: connection refused",
  ],
  [["--store", "memory:"], 1, `cannot serve ${module}: tasks: replicas need a shared store;`],
] as const)("reports the problem with %j once", async (options, code, message) => {
  const fleet = runLutra("up", module, "--port", "0", ...options);
  expect(await fleet.exited).toBe(code);
  await fleet.closed;
  const said = fleet.stderr.filter((line) => line.startsWith("lutra:"));
  expect(said).toEqual([expect.stringContaining(`lutra: ${message}`)]);
  expect(fleet.stderr.join()).not.toContain("secret");
});

it("serves one process with an event bus", async () => {
  const server = runLutra("serve", module, "--port", "0", "--bus", "redis://:secret@127.0.0.1:1");
  expect(await server.exited).toBe(1);
  await server.closed;
  expect(server.stderr.join("\n")).toBe(
    "lutra: cannot open the bus: redis at 127.0.0.1:1 is unreachable: connection refused",
  );
});

describe.skipIf(!hasPostgres)("a fleet on Postgres", () => {
  let postgres: PostgresServer;
  let fleet: RunningServer;
  beforeAll(async () => {
    postgres = await startPostgres();
    fleet = await startLutra("up", module, "--store", postgres.url);
  });
  afterAll(() => postgres.remove());

  it("finishes a task at another replica when the one that runs it is killed", async () => {
    const { client, taskId, pid } = await begin(fleet.url);
    process.kill(pid, "SIGKILL");
    const result = textOf(await client.tasks.resume(taskId));
    expect(result).toMatch(new RegExp(`^begun by ${pid}, ended by \\d+$`));
    await client.close();
  });

  it("shows its password neither in the list of processes nor in its output", async () => {
    const { password } = new URL(postgres.url);
    const own = execFileSync("ps", ["-eo", "pid,ppid,args"], { encoding: "utf8" })
      .split("\n")
      .filter((line) => line.trim().split(/\s+/, 2).includes(String(fleet.child.pid)));
    expect(own.length).toBeGreaterThanOrEqual(4);
    expect([...own, ...fleet.stdout, ...fleet.stderr].join("\n")).not.toContain(password);
    await end(fleet);
  });
});
