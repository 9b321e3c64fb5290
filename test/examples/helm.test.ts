/** Renders the Helm chart of examples/deployment, and checks the manifests and the configuration. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { runLutra } from "../cli/run-lutra.ts";
import { folder } from "./deployment-programs.ts";

const program = process.env.LUTRA_TEST_HELM ?? "helm";
const hasHelm = spawnSync(program, ["version"]).status === 0;
const withoutHelm = "needs helm: npm run test:helm, or set LUTRA_TEST_HELM";
const chart = join(folder, "helm");

interface Named {
  readonly name: string;
}

interface Container {
  readonly command: readonly string[];
  readonly env: readonly { readonly name: string; readonly valueFrom: { secretKeyRef: object } }[];
  readonly ports: readonly Named[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly readinessProbe: { readonly httpGet: { readonly path: string; readonly port: string } };
  readonly livenessProbe: { readonly httpGet: { readonly path: string; readonly port: string } };
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Named;
  readonly data?: { readonly [file: string]: string };
  readonly spec?: {
    readonly replicas?: number;
    readonly selector?: { readonly matchLabels?: object };
    readonly podSelector?: { readonly matchLabels: object };
    readonly scaleTargetRef?: Named;
    readonly metrics?: readonly { readonly type: string }[];
    readonly ports?: readonly { readonly targetPort: string }[];
    readonly ingress?: readonly { readonly ports: readonly { readonly port: string }[] }[];
    readonly template?: {
      readonly metadata: { readonly labels: object; readonly annotations: object };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly [Container];
        readonly volumes: readonly Named[];
      };
    };
  };
}

/** Runs `helm template` with these values. */
function helm(...settings: readonly string[]) {
  const args = settings.flatMap((setting) => ["--set-json", setting]);
  return spawnSync(program, ["template", "shop", chart, "--namespace", "shopping", ...args], {
    encoding: "utf8",
  });
}

function render(...settings: readonly string[]) {
  const { stdout, stderr, status } = helm(...settings);
  expect([status, stderr]).toEqual([0, ""]);
  const all = parseAllDocuments(stdout).map((document): Manifest => document.toJS());
  const of = (kind: string) => all.find((one) => one.kind === kind);
  const pod = of("Deployment")?.spec?.template;
  return {
    all,
    of,
    pod,
    container: pod?.spec.containers[0],
    config: parse(of("ConfigMap")?.data?.["gateway.yaml"] ?? ""),
  };
}

const rotating = ['keys={"current":"key-1","others":["key-2"]}'];
const variants: readonly (readonly [string, readonly string[]])[] = [
  ["the defaults", []],
  ["a fixed number of pods", ['autoscaling={"enabled":false}']],
  ["no metrics of Prometheus", ["autoscaling.inFlight=null"]],
  ["two keys", rotating],
  [
    "all other settings",
    [
      'imagePullSecrets=[{"name":"registry"}]',
      'env=[{"name":"A","value":"1"}]',
      'nodeSelector={"zone":"a"}',
      'tolerations=[{"key":"a","operator":"Exists"}]',
    ],
  ],
];

describe.skipIf(!hasHelm)(hasHelm ? "the chart" : `the chart (${withoutHelm})`, () => {
  it.each(variants)("has valid manifests with %s", async (_what, settings) => {
    const { all } = render(...settings);
    expect(all.length).toBeGreaterThanOrEqual(5);
    for (const manifest of all) {
      const models = await import(/* @vite-ignore */ `kubernetes-models/${manifest.apiVersion}`);
      const object = new models[manifest.kind](manifest);
      expect(() => object.validate()).not.toThrow();
    }
  });

  it.each([
    ["a misspelt key", ['autoscaling.maxReplica="3"']],
    ["no key", ['keys.current=""']],
    ["a configuration without upstreams", ["config=[]"]],
    ["a port that is not a number", ['service.port="http"']],
  ])("refuses %s", (_what, settings) => {
    expect(helm(...settings)).toMatchObject({ status: 1, stdout: "" });
  });

  it("selects the pods, and names ports and volumes that they have", () => {
    const { all, of, pod, container } = render();
    const selectors = all.flatMap(({ kind, spec }) => {
      if (kind === "Service") return [spec?.selector];
      return [spec?.selector?.matchLabels ?? spec?.podSelector?.matchLabels ?? []].flat();
    });
    expect(selectors).toHaveLength(4);
    for (const labels of selectors) expect(pod?.metadata.labels).toMatchObject(labels ?? { no: 1 });
    const { readinessProbe, livenessProbe } = container ?? {};
    const used = [
      ...(of("Service")?.spec?.ports ?? []).map(({ targetPort }) => targetPort),
      ...(of("NetworkPolicy")?.spec?.ingress ?? []).flatMap((rule) =>
        rule.ports.map(({ port }) => port),
      ),
      readinessProbe?.httpGet.port,
      livenessProbe?.httpGet.port,
    ];
    expect(container?.ports.map(({ name }) => name)).toEqual(expect.arrayContaining(used));
    expect(readinessProbe?.httpGet.path).toBe("/readyz");
    const volumes = pod?.spec.volumes.map(({ name }) => name);
    expect(container?.volumeMounts.map(({ name }) => name)).toEqual(volumes);
    expect(of("HorizontalPodAutoscaler")?.spec?.scaleTargetRef?.name).toBe(
      of("Deployment")?.metadata.name,
    );
  });

  it("waits for the shutdown of a gateway before it ends it", () => {
    for (const [lameDuckMs, drainMs] of [
      [5000, 10_000],
      [0, 0],
      [1500, 90_001],
    ]) {
      const { pod } = render(`lameDuckMs=${lameDuckMs}`, `drainMs=${drainMs}`);
      const neededMs = Number(lameDuckMs) + Number(drainMs);
      const graceMs = (pod?.spec.terminationGracePeriodSeconds ?? 0) * 1000;
      expect(graceMs).toBeGreaterThanOrEqual(neededMs + 10_000);
      expect(graceMs).toBeLessThan(neededMs + 12_000);
    }
  });

  it("scales by requests in flight, unless there is no adapter or no autoscaling", () => {
    const metricsOf = ({ of }: ReturnType<typeof render>) =>
      of("HorizontalPodAutoscaler")?.spec?.metrics?.map(({ type }) => type);
    expect(metricsOf(render())).toEqual(["Resource", "Pods"]);
    expect(metricsOf(render("autoscaling.inFlight=null"))).toEqual(["Resource"]);
    const fixed = render('autoscaling={"enabled":false}', "replicas=4");
    expect([metricsOf(fixed), fixed.of("Deployment")?.spec?.replicas]).toEqual([undefined, 4]);
  });

  it("rotates keys: each step replaces the pods, and the current key is the first", () => {
    const steps = [
      render('keys={"current":"key-1"}'),
      render(...rotating),
      render('keys={"current":"key-2","others":["key-1"]}'),
      render('keys={"current":"key-2"}'),
    ];
    const ids = steps.map(({ config }) => config.keys.map(({ id }: { id: string }) => id));
    expect(ids).toEqual([["key-1"], ["key-1", "key-2"], ["key-2", "key-1"], ["key-2"]]);
    for (const { config, container } of steps) {
      for (const [index, { id, secret }] of config.keys.entries()) {
        expect(secret).toBe(`\${LUTRA_KEY_${index}}`);
        expect(container?.env[index]).toEqual({
          name: `LUTRA_KEY_${index}`,
          valueFrom: { secretKeyRef: { name: "shopping", key: id } },
        });
      }
    }
    const checksums = steps.map(({ pod }) => JSON.stringify(pod?.metadata.annotations));
    expect(new Set(checksums).size).toBe(steps.length);
  });

  it("has a configuration that lutra gateway accepts, with the settings of the user", async () => {
    const place = mkdtempSync(join(tmpdir(), "lutra-helm-"));
    onTestFinished(() => rmSync(place, { recursive: true, force: true }));
    const tokensFile = join(place, "callers");
    writeFileSync(tokensFile, `ana ${"t".repeat(32)}\n`, { mode: 0o600 });
    const { config, of, container } = render(
      `config.auth.tokensFile=${JSON.stringify(tokensFile)}`,
      'config.listen={"maxBodyBytes":1000,"port":1}',
      ...rotating,
    );
    expect(config.listen).toMatchObject({ host: "0.0.0.0", port: 3000, maxBodyBytes: 1000 });
    expect(container?.command.slice(-2)).toEqual(["gateway", "/etc/lutra/gateway.yaml"]);
    const file = join(place, "gateway.yaml");
    writeFileSync(file, of("ConfigMap")?.data?.["gateway.yaml"] ?? "");
    const secret = (byte: number) => Buffer.alloc(32, byte).toString("base64");
    const check = runLutra("gateway", "check", file, {
      LUTRA_KEY_0: secret(1),
      LUTRA_KEY_1: secret(2),
    });
    expect([await check.exited, check.stderr]).toEqual([0, []]);
  });
});
