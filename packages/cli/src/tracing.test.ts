import { afterEach, expect, it, vi } from "vitest";
import { startTracing } from "./tracing.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

const endpoint = "http://127.0.0.1:9";

it.each([
  ["without an endpoint", {}],
  ["with an empty endpoint", { OTEL_EXPORTER_OTLP_ENDPOINT: "" }],
  [
    "with the SDK switched off",
    { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SDK_DISABLED: "true" },
  ],
  ["without an exporter", { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_EXPORTER: "none" }],
])("loads nothing %s", async (_case, env) => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const load = () => Promise.reject(new Error("loaded"));
  expect(await startTracing({}, () => {}, load)).toBeUndefined();
});

it("names the command that installs missing packages, and starts without tracing", async () => {
  vi.stubEnv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint);
  const missing = Object.assign(new Error("Cannot find package '@opentelemetry/resources'"), {
    code: "ERR_MODULE_NOT_FOUND",
  });
  const warnings: string[] = [];
  const load = () => Promise.reject(missing);
  expect(await startTracing({}, (line) => warnings.push(line), load)).toBeUndefined();
  expect(warnings).toEqual([
    expect.stringMatching(/^tracing is off; install its packages with: npm install @opentelemetry/),
  ]);
});

it("fails for an error inside of a package", async () => {
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
  const load = () => Promise.reject(new Error("broken"));
  await expect(startTracing({}, () => {}, load)).rejects.toThrow("broken");
});
