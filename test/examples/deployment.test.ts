/** Checks the files of examples/deployment against each other, and runs their commands. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "lutra/client";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { endLutra, runNodeIn, untilListening } from "../cli/run-lutra.ts";
import { freePort } from "../stores/free-port.ts";
import { hasPostgres, startPostgres, withoutPostgres } from "../stores/postgres-server.ts";
import { hasRedis, startRedis, withoutRedis } from "../stores/redis-server.ts";
import {
  cli,
  folder,
  installed,
  itemsOf,
  root,
  secretsFolder,
  startProgram,
  token,
} from "./deployment-programs.ts";

const read = (name: string) => readFileSync(join(folder, name), "utf8");

interface Service {
  readonly build?: string;
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly networks: readonly string[];
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: { readonly [name: string]: { readonly condition: string } };
  readonly healthcheck: { readonly test: readonly string[] };
  readonly deploy?: { readonly replicas: number };
  readonly environment?: { readonly [name: string]: string };
}

const compose: {
  readonly services: { readonly [name: string]: Service };
  readonly networks: object;
  readonly volumes: object;
  readonly secrets: { readonly [name: string]: { readonly file: string } };
} = parse(read("compose.yaml"));
const services = Object.entries(compose.services);
const { gateway, server } = compose.services;
const dockerfile = read("Dockerfile");
const unit = read("shopping.service");
const execStart = (/^ExecStart=(.+)$/m.exec(unit)?.[1] ?? "").split(" ");

describe("compose.yaml", () => {
  it("has a gateway, three replicas, Postgres and Redis, each with a health check", () => {
    expect(services.map(([name]) => name)).toEqual(["gateway", "server", "postgres", "redis"]);
    expect(server?.deploy?.replicas).toBe(3);
    for (const [, { healthcheck }] of services) expect(healthcheck.test[0]).toBe("CMD");
  });

  it("names only networks, volumes, secrets and services that it declares", () => {
    for (const [, { networks, volumes = [], secrets = [], depends_on = {} }] of services) {
      expect(Object.keys(compose.networks)).toEqual(expect.arrayContaining([...networks]));
      expect(Object.keys(compose.secrets)).toEqual(expect.arrayContaining([...secrets]));
      const names = volumes.map((volume) => volume.split(":")[0]);
      expect(Object.keys(compose.volumes)).toEqual(expect.arrayContaining(names));
      for (const [name, { condition }] of Object.entries(depends_on)) {
        expect(compose.services[name]?.healthcheck).toBeDefined();
        expect(condition).toBe("service_healthy");
      }
    }
  });

  it("gives each program the secrets that its sources read", () => {
    const read = (text: string) => [...text.matchAll(/secret\("(\w+)"\)/g)].map(([, name]) => name);
    const shared = read(readFileSync(join(folder, "secrets.ts"), "utf8"));
    const start = read(readFileSync(join(folder, "start.ts"), "utf8"));
    expect(new Set([...shared, ...start])).toEqual(new Set(server?.secrets));
    expect(new Set([...shared, "callers"])).toEqual(new Set(gateway?.secrets));
  });

  it("names the ports and hosts that the programs use", () => {
    expect(gateway?.ports).toEqual(["127.0.0.1:3000:3000"]);
    expect(dockerfile).toContain("EXPOSE 3000");
    expect(read("gateway.ts")).toContain('PORT = "3000"');
    expect(read("gateway.ts")).toContain('ADMIN_PORT = "9464"');
    expect(read("gateway.ts")).toContain('"http://server:3000/mcp"');
    expect(server?.environment).toEqual({ POSTGRES: "postgres:5432/lutra", REDIS: "redis:6379" });
  });
});

describe("Dockerfile", () => {
  const copied = [...dockerfile.matchAll(/^COPY (.+) \.\/$/gm)]
    .flatMap(([, files = ""]) => files.split(" "))
    .filter((file) => file !== "package-lock.json*");

  it("copies every file that the commands name and import, and only existing ones", () => {
    expect(copied.filter((file) => !existsSync(join(folder, file)))).toEqual([]);
    const words = [...(gateway?.command ?? []), ...(server?.command ?? []), "healthcheck.mjs"];
    const named = words.filter((word) => /^[\w-]+\.(?:ts|mjs)$/.test(word));
    const imported = copied
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) => [...read(file).matchAll(/from "\.\/([\w-]+\.ts)"/g)])
      .map(([, file = ""]) => file);
    expect(copied).toEqual(expect.arrayContaining([...named, ...imported]));
  });

  it("runs the command of a replica", () => {
    const command = /^CMD (.+)$/m.exec(dockerfile)?.[1] ?? "";
    expect(JSON.parse(command)).toEqual(server?.command);
  });

  it("installs packages that exist, in the versions that Lutra's packages ask for", () => {
    const { dependencies } = JSON.parse(read("package.json"));
    const manifests = Object.keys(dependencies).map((name) =>
      JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")),
    );
    for (const { peerDependencies = {} } of manifests.filter(({ name }) => /lutra/.test(name))) {
      const shared = Object.keys(dependencies).filter((name) => name in peerDependencies);
      for (const name of shared) {
        const own = dependencies[name].replace("^", "");
        expect(`${name} ${own}`).toBe(`${name} ${peerDependencies[name].replace("^", "")}`);
      }
    }
  });
});

describe("shopping.service", () => {
  it("starts a fleet that stops on SIGTERM", async () => {
    const state = secretsFolder({ callers: `ana ${token}` });
    const values: { readonly [word: string]: string } = {
      "3000": "0",
      "9464": "0",
      "sqlite:/var/lib/shopping/state.db": `sqlite:${join(state, "state.db")}`,
      "%d/callers": join(state, "callers"),
    };
    expect(execStart.slice(0, 4)).toEqual(["/usr/bin/node", cli, "up", "server.ts"]);
    const args = execStart.slice(1).map((word) => values[word] ?? word);
    expect(Object.keys(values).filter((word) => !execStart.includes(word))).toEqual([]);
    const running = await untilListening(runNodeIn(folder, ...args.map(installed)));
    expect(await itemsOf(running.url)).toEqual(["tea"]);
    await endLutra(running);
  });
});

const missing = [!hasPostgres && withoutPostgres, !hasRedis && withoutRedis].filter(Boolean);

const needs = missing.length > 0 ? ` (${missing.join("; ")})` : "";

describe.skipIf(missing.length > 0)(`the commands of compose.yaml${needs}`, () => {
  let postgres: URL;
  let redis: URL;

  beforeAll(async () => {
    const [database, bus] = [await startPostgres(), await startRedis()];
    postgres = new URL(database.url);
    redis = new URL(bus.url);
    return async () => {
      database.remove();
      await bus.stop();
    };
  });

  it("answer calls through the gateway, are healthy, and stop on SIGTERM", async () => {
    const SECRETS = secretsFolder({
      lutra_key: Buffer.alloc(32, 7).toString("base64"),
      callers: `# id token\nana ${token}`,
      postgres_password: decodeURIComponent(postgres.password),
    });
    const POSTGRES = `${postgres.host}${postgres.pathname}`;
    const own = { SECRETS, HOST: "127.0.0.1", PORT: "0" };
    const env = { ...own, POSTGRES, REDIS: redis.host };
    const replicas = await Promise.all([1, 2, 3].map(() => startProgram(server, env)));
    const REPLICAS = replicas.map(({ url }) => url).join(",");
    const ADMIN_PORT = String(await freePort());
    const front = await startProgram(gateway, { ...own, REPLICAS, ADMIN_PORT });

    expect(await itemsOf(front.url)).toEqual(["tea"]);
    const unknown = createClient(front.url);
    await expect(unknown.callTool("start_list")).rejects.toThrow(/^Authorization: expected/);
    await unknown.close();
    const [replica] = replicas;
    expect(await health(server, replica?.url.replace("/mcp", "/") ?? "")).toBe(0);
    expect(await health(gateway, `http://127.0.0.1:${ADMIN_PORT}/readyz`)).toBe(0);
    for (const running of [front, ...replicas]) await endLutra(running);
    expect(await health(gateway, `http://127.0.0.1:${ADMIN_PORT}/readyz`)).toBe(1);
  });

  /** Runs the health check of a service with the URL that it has here. */
  async function health(service: Service | undefined, url: string): Promise<number | string> {
    const [, program, ...args] = service?.healthcheck.test ?? [];
    expect([program, new URL(args[1] ?? "").pathname]).toEqual(["node", new URL(url).pathname]);
    return runNodeIn(folder, args[0] ?? "", url).exited;
  }
});
