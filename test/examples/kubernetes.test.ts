/** Checks the Kubernetes manifests of examples/deployment, and runs their commands. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { request } from "undici";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { freePort } from "../stores/free-port.ts";
import { hasPostgres, startPostgres, withoutPostgres } from "../stores/postgres-server.ts";
import { hasRedis, startRedis, withoutRedis } from "../stores/redis-server.ts";
import { folder, itemsOf, secretsFolder, startProgram, token } from "./deployment-programs.ts";

interface Port {
  readonly name?: string;
  readonly containerPort?: number;
  readonly port?: number | string;
  readonly targetPort?: string;
}

interface Container {
  readonly image: string;
  readonly command: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly ports: readonly Port[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
}

interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string };
  readonly tcpSocket?: { readonly port: string };
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly selector?: { readonly app?: string; readonly matchLabels?: object };
    readonly ports?: readonly Port[];
    readonly podSelector?: { readonly matchLabels: object };
    readonly scaleTargetRef?: { readonly kind: string; readonly name: string };
    readonly ingress?: readonly { readonly ports: readonly Port[] }[];
    readonly template?: {
      readonly metadata: { readonly labels: object };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly [Container];
        readonly volumes: readonly { readonly name: string; readonly secret: object }[];
      };
    };
  };
}

const manifests = join(folder, "kubernetes");
const read = (name: string) => readFileSync(join(manifests, name), "utf8");
const kustomization: {
  readonly resources: readonly string[];
  readonly images: readonly { readonly name: string }[];
} = parse(read("kustomization.yaml"));
const all = kustomization.resources.flatMap((name) =>
  parseAllDocuments(read(name)).map((document): Manifest => document.toJS()),
);
const named = (kind: string, name: string) =>
  all.find((one) => one.kind === kind && one.metadata.name === name)?.spec;
const podOf = (name: string) => named("Deployment", name)?.template?.spec;
const containerOf = (name: string) => podOf(name)?.containers[0];
const envOf = (name: string) =>
  Object.fromEntries((containerOf(name)?.env ?? []).map((one) => [one.name, one.value]));
const compose = parse(readFileSync(join(folder, "compose.yaml"), "utf8"));

describe("the manifests", () => {
  it("are all in the kustomization", () => {
    const files = readdirSync(manifests).filter((name) => name !== "kustomization.yaml");
    expect(files.sort()).toEqual([...kustomization.resources].sort());
  });

  it.each(all.map((one) => [`${one.kind} ${one.metadata.name}`, one] as const))(
    "%s is valid for its version of the API",
    async (_name, manifest) => {
      const models = await import(/* @vite-ignore */ `kubernetes-models/${manifest.apiVersion}`);
      const object = new models[manifest.kind](manifest);
      expect(() => object.validate()).not.toThrow();
      const wrong = new models[manifest.kind]({ ...manifest, spec: 1 });
      expect(() => wrong.validate()).toThrow();
    },
  );

  it.each(["gateway", "server"])("select the pods of %s", (name) => {
    const labels = named("Deployment", name)?.template?.metadata.labels;
    expect(named("Deployment", name)?.selector?.matchLabels).toEqual(labels);
    expect(named("PodDisruptionBudget", name)?.selector?.matchLabels).toEqual(labels);
    expect(named("Service", name)?.selector).toEqual(labels);
    expect(named("NetworkPolicy", name)?.podSelector?.matchLabels).toEqual(labels);
  });

  it.each(["gateway", "server"])("name ports that the container of %s has", (name) => {
    const container = containerOf(name);
    const ports = container?.ports.map((port) => port.name);
    const { readinessProbe, livenessProbe } = container ?? {};
    const used = [
      ...(named("Service", name)?.ports ?? []).map(({ targetPort }) => targetPort),
      ...(named("NetworkPolicy", name)?.ingress ?? []).flatMap((rule) =>
        rule.ports.map(({ port }) => port),
      ),
      ...[readinessProbe, livenessProbe].map((one) => (one?.httpGet ?? one?.tcpSocket)?.port),
    ];
    expect(ports).toEqual(expect.arrayContaining(used));
  });

  it.each(["gateway", "server"])("run the command of compose.yaml for %s", (name) => {
    expect(containerOf(name)?.command).toEqual(compose.services[name].command);
    expect(kustomization.images.map((image) => image.name)).toContain(containerOf(name)?.image);
  });

  it.each([
    ["gateway", "gateway.ts"],
    ["server", "start.ts"],
  ])("set only variables that the program of %s reads", (name, file) => {
    const source = readFileSync(join(folder, file), "utf8");
    const variables = /const \{(.+?)\} = process\.env/s.exec(source)?.[1] ?? "";
    const known = [...variables.matchAll(/^ {2}([A-Z_]+)/gm)].map(([, variable]) => variable);
    expect(known).toEqual(expect.arrayContaining(Object.keys(envOf(name))));
  });

  it.each(["gateway", "server"])("wait for the shutdown of %s before they end it", (name) => {
    const file = name === "gateway" ? "gateway.ts" : "start.ts";
    const source = readFileSync(join(folder, file), "utf8");
    const drainMs = Number(/drainMs: ([\d_]+)/.exec(source)?.[1]?.replace("_", ""));
    const neededMs = drainMs + Number(envOf(name).LAME_DUCK_MS ?? 0);
    expect((podOf(name)?.terminationGracePeriodSeconds ?? 0) * 1000).toBeGreaterThan(neededMs);
  });

  it.each(["gateway", "server"])("mount the secrets of %s where it reads them", (name) => {
    const [mount] = containerOf(name)?.volumeMounts ?? [];
    expect(mount?.mountPath).toBe("/run/secrets");
    expect(podOf(name)?.volumes.map((volume) => volume.name)).toEqual([mount?.name]);
  });
});

const hasKubectl = spawnSync("kubectl", ["kustomize", "--help"]).status === 0;

it.skipIf(!hasKubectl)("the kustomization is rendered (needs kubectl)", () => {
  const { stdout, status, stderr } = spawnSync("kubectl", ["kustomize", manifests]);
  expect([status, String(stderr)]).toEqual([0, ""]);
  const rendered = parseAllDocuments(String(stdout)).map((document): Manifest => document.toJS());
  const keyOf = ({ kind, metadata }: Manifest) => `${kind} ${metadata.name}`;
  expect(rendered.map(keyOf).sort()).toEqual(all.map(keyOf).sort());
  expect(String(stdout)).not.toContain("image: shopping\n");
});

const missing = [!hasPostgres && withoutPostgres, !hasRedis && withoutRedis].filter(Boolean);
const needs = missing.length > 0 ? ` (${missing.join("; ")})` : "";

describe.skipIf(missing.length > 0)(`the commands of the manifests${needs}`, () => {
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

  it("answer through two gateways, and leave the load balancer before they close", async () => {
    const SECRETS = secretsFolder({
      lutra_key: Buffer.alloc(32, 7).toString("base64"),
      lutra_key_other: Buffer.alloc(32, 8).toString("base64"),
      callers: `ana ${token}`,
      postgres_password: decodeURIComponent(postgres.password),
    });
    const own = { SECRETS, HOST: "127.0.0.1", PORT: "0" };
    const server = await startProgram(containerOf("server"), {
      ...own,
      POSTGRES: `${postgres.host}${postgres.pathname}`,
      REDIS: redis.host,
    });
    const { SHARED_REDIS = "", ...env } = envOf("gateway");
    const settings = {
      ...env,
      ...own,
      REPLICAS: server.url,
      SHARED_REDIS: SHARED_REDIS.replace("redis:6379", redis.host),
      ALLOWED_HOSTS: "127.0.0.1",
    };
    const [first, second] = [await freePort(), await freePort()];
    const start = (port: number) =>
      startProgram(containerOf("gateway"), { ...settings, ADMIN_PORT: String(port) });
    const [one, two] = [await start(first), await start(second)];
    expect([await itemsOf(one.url), await itemsOf(two.url)]).toEqual([["tea"], ["tea"]]);

    // The kubelet sends the address of the pod as Host.
    const probe = async (port: number, kind: "readinessProbe" | "livenessProbe") => {
      const path = containerOf("gateway")?.[kind].httpGet?.path ?? "";
      const headers = { host: "10.1.2.3:9464" };
      const answer = await request(`http://127.0.0.1:${port}${path}`, { headers });
      await answer.body.dump();
      return answer.statusCode;
    };
    expect([await probe(first, "readinessProbe"), await probe(first, "livenessProbe")]).toEqual([
      200, 200,
    ]);
    one.child.kill("SIGTERM");
    await vi.waitFor(async () => expect(await probe(first, "readinessProbe")).toBe(503));
    expect(await itemsOf(one.url)).toEqual(["tea"]);
    expect(await one.exited).toBe(0);
    expect(await itemsOf(two.url)).toEqual(["tea"]);
  });
});
