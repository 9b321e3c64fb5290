/** The file of the access log: what is recorded, and what happens when it can't be written. */
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConfigInput } from "@lutra/gateway";
import { beforeEach, describe, expect, it } from "vitest";
import { callTool, send } from "../cli/http.ts";
import { endLutra, runLutra } from "../cli/run-lutra.ts";
import { writeConfig } from "./config-file.ts";
import { callBody, callLines, lengthOf, requestOf, sendRaw } from "./raw-http.ts";
import { type RecordingUpstream, startRecordingUpstream } from "./recording-upstream.ts";
import { startGatewayCommand } from "./start-gateway.ts";

let folder: string;
let upstream: RecordingUpstream;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "lutra-log-"));
  upstream = await startRecordingUpstream("a");
  return async () => {
    await upstream.close();
    rmSync(folder, { recursive: true, force: true });
  };
});

const configOf = (file: string): ConfigInput => ({
  listen: { port: 0 },
  admin: { port: 0 },
  log: { file },
  upstreams: { a: { url: upstream.url } },
});

async function start(file: string) {
  const gateway = await startGatewayCommand(configOf(file));
  const [, admin = ""] = await gateway.line(/health and metrics on (\S+)/);
  /** Resolves to the value of the first metric that begins with a text. */
  const metric = async (name: string) => {
    const text = await (await fetch(new URL("/metrics", admin))).text();
    const line = text.split("\n").find((one) => one.startsWith(name));
    return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(" ") + 1));
  };
  return { ...gateway, metric };
}

const linesOf = (file: string) =>
  readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("a log file that can't be written", () => {
  it("is refused at the start with the path and the reason", async () => {
    const file = await writeConfig(configOf(folder));
    const lutra = runLutra("gateway", file.path);
    expect(await lutra.exited).toBe(1);
    await lutra.closed;
    expect(lutra.stderr).toEqual([
      `lutra: ${file.path}: log.file: expected a file that can be written, but ${folder} can't be opened: EISDIR: illegal operation on a directory, open '${folder}'`,
    ]);
    await file.remove();
  });

  it.runIf(existsSync("/dev/full"))("delays no request and no shutdown", async () => {
    const gateway = await start("/dev/full");
    for (let count = 0; count < 3; count += 1) {
      expect((await callTool(gateway.url, "who")).status).toBe(200);
    }
    await expect.poll(() => gateway.metric("lutra_gateway_log_lines_lost_total")).toBe(3);
    await callTool(gateway.url, "who");
    await endLutra(gateway);
    expect(gateway.stderr.filter((line) => line.includes("access log"))).toEqual([
      "lutra: cannot write the access log: ENOSPC: no space left on device, write; lines are lost",
    ]);
  });
});

describe("SIGUSR1", () => {
  it("opens a renamed log file again, and no debugger", async () => {
    const file = join(folder, "access.log");
    const gateway = await start(file);
    await callTool(gateway.url, "who");
    renameSync(file, `${file}.1`);
    gateway.child.kill("SIGUSR1");
    await expect.poll(() => existsSync(file)).toBe(true);
    await callTool(gateway.url, "echo", { text: "x" });
    await endLutra(gateway);
    expect(linesOf(`${file}.1`)).toMatchObject([{ name: "who" }]);
    expect(linesOf(file)).toMatchObject([{ name: "echo" }]);
    expect(gateway.stderr.join()).not.toContain("Debugger");
  });
});

describe("a request that reaches no route", () => {
  const body = callBody("who");
  const valid = [...callLines("who"), lengthOf(body)];
  const manyHeaders = Array.from({ length: 1001 }, (_, index) => `x${index}:`);

  it.each([
    ["is not HTTP", "nonsense\r\n\r\n", 400, "malformed"],
    [
      "has a head above 16 kB",
      requestOf([...valid, `X: ${"x".repeat(20_000)}`], body),
      431,
      "malformed",
    ],
    ["has over 1000 headers", requestOf([...valid, ...manyHeaders], body), 431, "malformed"],
    ["names another path", requestOf(valid, body, { path: "/other" }), 404, "path"],
  ])("%s: is logged and counted", async (_what, bytes, status, reason) => {
    const file = join(folder, "access.log");
    const gateway = await start(file);
    const { statuses } = await sendRaw(gateway.url, bytes);
    expect(statuses).toEqual([status]);
    const series = `lutra_gateway_requests_total{method="other",upstream="",status="${status}"`;
    await expect.poll(() => gateway.metric(series)).toBe(1);
    await endLutra(gateway);
    expect(linesOf(file)).toMatchObject([{ status, reason, address: "127.0.0.1", route: -1 }]);
    expect(upstream.calls).toEqual([]);
  });

  it("has its method cut off in the log", async () => {
    const file = join(folder, "access.log");
    const gateway = await start(file);
    await (await send(gateway.url, "m".repeat(5000))).text();
    await endLutra(gateway);
    expect(linesOf(file)).toMatchObject([{ method: "m".repeat(256) }]);
  });
});
