/** The stdio server in a separate process. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, it, vi } from "vitest";
import { createStdioTransport } from "./client.ts";

// Processes are slow on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));

/** Starts a fixture that imports the sources. */
function start(name: string, ...args: string[]) {
  const child = spawn(process.execPath, ["--import", tsx, fixture(name), ...args]);
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    output.stderr += chunk;
  });
  const send = (message: unknown) => child.stdin.write(`${JSON.stringify(message)}\n`);
  return { child, output, send, exited: once(child, "close") };
}

const request = (id: number, method: string) => ({ jsonrpc: "2.0", id, method, params: {} });

it("writes only messages to stdout, regardless of what the server prints", async () => {
  const { child, output, send, exited } = start("chatty-server.mjs");
  send(request(1, "bytes"));
  send(request(2, "notify"));
  await once(child.stdout, "data");
  child.stdin.end();
  expect(await exited).toEqual([0, null]);
  const messages = output.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(messages.filter(({ id }) => id !== undefined).map(({ id }) => id)).toEqual([1, 2]);
  for (const { jsonrpc } of messages) expect(jsonrpc).toBe("2.0");
  for (const printed of [
    "console.log bytes",
    "console.info",
    "process.stdout.write",
    "process.stdout.end",
    "\nbytes",
    "the server closes",
  ]) {
    expect(output.stderr).toContain(printed);
  }
});

it("answers a thousand interleaved requests of the client while it prints", async () => {
  const transport = createStdioTransport(
    { command: process.execPath, args: ["--import", tsx, fixture("chatty-server.mjs")] },
    { stderr: "ignore" },
  );
  const { signal } = new AbortController();
  const sent = Array.from({ length: 1000 }, (_, n) =>
    transport.serve(
      { jsonrpc: "2.0", id: n, method: n % 3 === 0 ? "later" : "now", params: { n } },
      { signal: AbortSignal.any([signal]), notify: () => {} },
    ),
  );
  const results = await Promise.all(sent);
  expect(results.map(({ params }) => params)).toEqual(sent.map((_, n) => ({ n })));
  await transport.close();
});

it("releases stdout once it is closed", async () => {
  const { child, output, exited } = start("chatty-server.mjs", "--say-goodbye");
  child.stdin.end();
  expect(await exited).toEqual([0, null]);
  expect(output.stdout).toBe("goodbye\n");
});

it("exits when the server closes while the input is open", async () => {
  const { output, send, exited } = start("chatty-server.mjs");
  send(request(1, "close"));
  expect(await exited).toEqual([0, null]);
  expect(output.stderr).toContain("the server closes");
});

it("exits when the client no longer reads", async () => {
  const { child, send, exited } = start("chatty-server.mjs");
  child.stdout.destroy();
  send(request(1, "tools/list"));
  expect(await exited).toEqual([0, null]);
});

it("does not keep a host from exiting while no request is in flight", async () => {
  const server = fixture("scripted-server.mjs");
  const { output, exited } = start("idle-host.mjs", process.execPath, server);
  expect(await exited).toEqual([0, null]);
  expect(output).toEqual({ stdout: "answered\n", stderr: "" });
});
