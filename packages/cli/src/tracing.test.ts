import { afterEach, expect, it, vi } from "vitest";
import { allSignals, startTracing } from "./tracing.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

const endpoint = "http://127.0.0.1:9";
const none = { OTEL_TRACES_EXPORTER: "none", OTEL_METRICS_EXPORTER: "none" };

/** The signals, whose packages fail to load. */
const failing = (error: Error) =>
  allSignals.map((signal) => ({ ...signal, load: () => Promise.reject(error) }));

const missing = Object.assign(new Error("Cannot find package '@opentelemetry/resources'"), {
  code: "ERR_MODULE_NOT_FOUND",
});

async function warningsOf(env: { readonly [name: string]: string }): Promise<readonly string[]> {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const warnings: string[] = [];
  const notice = (line: string) => warnings.push(line);
  expect(await startTracing({}, { notice, signals: failing(missing) })).toBeUndefined();
  return warnings;
}

it.each([
  ["without an endpoint", {}],
  ["with an empty endpoint", { OTEL_EXPORTER_OTLP_ENDPOINT: "" }],
  [
    "with the SDK switched off",
    { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SDK_DISABLED: "true" },
  ],
  ["without an exporter", { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...none }],
])("loads nothing %s", async (_case, env) => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const signals = failing(new Error("loaded"));
  expect(await startTracing({}, { notice: () => {}, signals })).toBeUndefined();
});

it("names the command that installs missing packages, and starts without them", async () => {
  expect(await warningsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })).toEqual([
    expect.stringMatching(
      /^without tracing and metrics; install the packages with: npm install @opentelemetry\/api@/,
    ),
  ]);
});

it.each([
  ["TRACES", "tracing", "sdk-trace-node", "sdk-metrics"],
  ["METRICS", "metrics", "sdk-metrics", "sdk-trace-node"],
])("names only the packages for the variable of %s", async (variable, signal, needed, other) => {
  const [warning] = await warningsOf({ [`OTEL_EXPORTER_OTLP_${variable}_ENDPOINT`]: endpoint });
  expect(warning).toMatch(new RegExp(`^without ${signal}; `));
  expect(warning).toContain(needed);
  expect(warning).not.toContain(other);
});

it("fails for an error inside of a package", async () => {
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
  const signals = failing(new Error("broken"));
  await expect(startTracing({}, { signals })).rejects.toThrow("broken");
});
