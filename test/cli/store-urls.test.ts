/** The sources of store URLs, and that their passwords are never shown. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { writeConfig } from "../gateway/config-file.ts";
import { freePort } from "../stores/free-port.ts";
import { hasPostgres, startPostgres, withoutPostgres } from "../stores/postgres-server.ts";
import { hasRedisBinary, startRedis, withoutRedis } from "../stores/redis-server.ts";
import { freshDatabase } from "../tasks/fresh-database.ts";
import { callTool } from "./http.ts";
import { endLutra, type RunningLutra, runLutra, startLutra, untilListening } from "./run-lutra.ts";
import { listenersAt, rowsOf } from "./store-usage.ts";
import { tasksModule } from "./tasks-client.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lutra-urls-"));
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  vi.unstubAllEnvs();
});

const fileIn = (name: string) => join(folder, name);

it("gives --store precedence over LUTRA_STORE", async () => {
  vi.stubEnv("LUTRA_STORE", `sqlite:${fileIn("variable.db")}`);
  const first = await startLutra("serve", tasksModule, "--store", `sqlite:${fileIn("option.db")}`);
  await endLutra(first);
  expect([existsSync(fileIn("option.db")), existsSync(fileIn("variable.db"))]).toEqual([
    ...[true, false],
  ]);
  await endLutra(await startLutra("serve", tasksModule));
  expect(existsSync(fileIn("variable.db"))).toBe(true);
});

it.each([
  ["LUTRA_STORE", "mysql://u:secret@host/db", "expected memory:, sqlite:./state.db or"],
  ["LUTRA_BUS", "amqp://u:secret@host", "expected redis://host:6379 or"],
])("reports an invalid %s without showing its value", async (variable, url, message) => {
  vi.stubEnv(variable, url);
  const fleet = runLutra("up", tasksModule, "--port", "0");
  expect(await fleet.exited).toBe(2);
  await fleet.closed;
  expect(fleet.stderr).toEqual([expect.stringContaining(`lutra: ${variable}: ${message}`)]);
  expect(fleet.stderr.join()).not.toContain("secret");
});

/** A word that appears nowhere else. */
const password = "heron-in-redis";

const missing = hasPostgres ? (hasRedisBinary ? undefined : withoutRedis) : withoutPostgres;
const name = "servers with passwords";
describe.skipIf(missing !== undefined)(missing ? `${name} (${missing})` : name, () => {
  let postgres: Awaited<ReturnType<typeof startPostgres>>;
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let secrets: readonly string[];
  beforeAll(async () => {
    postgres = await startPostgres();
    redis = await startRedis(true, { password });
    secrets = [new URL(postgres.url).password, password];
  });
  afterAll(async () => {
    postgres?.remove();
    await redis?.stop();
  });

  function expectNoSecrets(texts: readonly string[]): void {
    for (const secret of secrets) expect(texts.join("\n")).not.toMatch(`:${secret}@`);
    expect(texts.join("\n")).not.toContain(password);
  }

  const shownBy = ({ stdout, stderr }: RunningLutra) => [...stdout, ...stderr];

  it("uses LUTRA_STORE and LUTRA_BUS, and shows no password to operators", async () => {
    const database = await freshDatabase(postgres.url, "variables");
    vi.stubEnv("LUTRA_STORE", database);
    vi.stubEnv("LUTRA_BUS", redis.url);
    const admin = await freePort();
    const more = ["--replicas", "2", "--admin", `${admin}`, "--log"];
    const fleet = await startLutra("up", tasksModule, ...more);
    await callTool(fleet.url, "keep");
    expect(await rowsOf(database, "lutra.handles")).toBe(1);
    expect(await listenersAt(redis.url)).toBe(2);
    const pages = await pagesOf(`http://127.0.0.1:${admin}`);
    expect(JSON.parse(pages["/config"] ?? "")).toMatchObject({
      upstreams: {
        fleet: {
          store: expect.stringMatching(/^postgres:\/\/\[hidden\]@127\.0\.0\.1:\d+\/variables_\w+$/),
          bus: expect.stringMatching(/^redis:\/\/\[hidden\]@127\.0\.0\.1:\d+$/),
        },
      },
    });
    await endLutra(fleet);
    expectNoSecrets([...Object.values(pages), ...shownBy(fleet)]);
  });

  it("is used by lutra serve, too, if --bus names it", async () => {
    vi.stubEnv("LUTRA_BUS", "redis://127.0.0.1:1");
    const bus = `redis://:${password}@${new URL(redis.url).host}`;
    const lutra = await startLutra("serve", tasksModule, "--bus", bus);
    expect(await listenersAt(redis.url)).toBe(1);
    await endLutra(lutra);
    expectNoSecrets(shownBy(lutra));
  });

  it("gives --store and --bus precedence, and shows no password", async () => {
    vi.stubEnv("LUTRA_STORE", `sqlite:${fileIn("unused.db")}`);
    vi.stubEnv("LUTRA_BUS", "redis://127.0.0.1:1");
    const database = await freshDatabase(postgres.url, "options");
    const { username, host, pathname, password: own } = new URL(database);
    // A password may be in the query.
    const store = `postgres://${host}${pathname}?user=${username}&password=${own}`;
    const bus = `redis://${new URL(redis.url).host}?password=${password}`;
    const urls = ["--store", store, "--bus", bus];
    const fleet = await startLutra("up", tasksModule, "--replicas", "2", ...urls);
    await callTool(fleet.url, "keep");
    expect(await rowsOf(database, "lutra.handles")).toBe(1);
    expect(await listenersAt(redis.url)).toBe(2);
    expect(existsSync(fileIn("unused.db"))).toBe(false);
    const list = processesOf(fleet);
    expect(list).toHaveLength(3);
    expect(list.join("\n")).not.toContain(`password=${own}`);
    await endLutra(fleet);
    expectNoSecrets([...list, ...shownBy(fleet)]);
  });

  it("hides passwords from the file and from variables in a gateway's configuration", async () => {
    const database = await freshDatabase(postgres.url, "config");
    vi.stubEnv("DATABASE", database);
    const module = tasksModule;
    const admin = { port: await freePort() };
    const upstream = { module, replicas: 1, store: "$".concat("{DATABASE}"), bus: redis.url };
    const rest = { listen: { port: 0 }, log: false } as const;
    const file = await writeConfig({ ...rest, admin, upstreams: { fixture: upstream } });
    const gateway = await untilListening(runLutra("gateway", file.path));
    await callTool(gateway.url, "keep");
    expect(await rowsOf(database, "lutra.handles")).toBe(1);
    const pages = await pagesOf(`http://127.0.0.1:${admin.port}`);
    expect(JSON.parse(pages["/config"] ?? "")).toMatchObject({
      upstreams: {
        fixture: { store: upstream.store, bus: expect.stringMatching(/^redis:\/\/\[hidden\]@/) },
      },
    });
    await endLutra(gateway);
    await file.remove();
    expectNoSecrets([...Object.values(pages), ...shownBy(gateway)]);
  });

  it.each([
    ["--store", () => postgres.url, "cannot open the store: postgres at 127.0.0.1:"],
    ["--bus", () => redis.url, "cannot open the bus: redis at 127.0.0.1:"],
  ])(
    "reports that the password in %s is wrong without showing it",
    async (option, url, message) => {
      const wrong = new URL(url());
      wrong.password = "bittern";
      const options = ["--replicas", "1", "--port", "0", option, wrong.href];
      const fleet = runLutra("up", tasksModule, ...options);
      expect(await fleet.exited).toBe(1);
      await fleet.closed;
      expect(fleet.stderr).toEqual([expect.stringContaining(`lutra: ${message}`)]);
      expect(fleet.stderr.join()).toContain("refused the password");
      expect(shownBy(fleet).join()).not.toContain("bittern");
    },
  );
});

/** Returns the lines of the command and its replicas in the list of processes. */
function processesOf({ child }: RunningLutra): readonly string[] {
  return execFileSync("ps", ["-eo", "pid,ppid,args"], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line.trim().split(/\s+/, 2).includes(String(child.pid)));
}

/** Returns all pages of the admin listener. */
async function pagesOf(admin: string): Promise<{ readonly [path: string]: string }> {
  const index = await (await fetch(admin)).text();
  const paths = index.trim().split("\n");
  expect(paths).toContain("/config");
  const pages = paths.map(async (path) => [path, await (await fetch(admin + path)).text()]);
  return Object.fromEntries(await Promise.all(pages));
}
