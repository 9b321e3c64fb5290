import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { PassThrough } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { serveStdio } from "./server.ts";

const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

it("answers requests that were sent before the input ended", async () => {
  const input = new PassThrough();
  const output = new PassThrough();
  const serve = async () => {
    for (let turns = 0; turns < 10; turns += 1) await turn();
    return { resultType: "complete" };
  };
  const { closed } = serveStdio({ serve, close: async () => {} }, { input, output });
  input.end('{"jsonrpc":"2.0","id":1,"method":"slow"}\n');
  await closed;
  expect(String(output.read())).toBe(
    '{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete"}}\n',
  );
});

it("aborts requests that take longer than graceMs", async () => {
  const input = new PassThrough();
  let signal: AbortSignal | undefined;
  const serve = (_request: unknown, context: { readonly signal: AbortSignal }) => {
    signal = context.signal;
    return new Promise<never>(() => {});
  };
  const options = { input, output: new PassThrough(), graceMs: 1 };
  const { closed } = serveStdio({ serve, close: async () => {} }, options);
  input.end('{"jsonrpc":"2.0","id":1,"method":"endless"}\n');
  await closed;
  expect(signal?.aborted).toBe(true);
});

describe("a client that ends its input and has not read the output", () => {
  const text = "x".repeat(5_000_000);
  const serve = async () => ({ resultType: "complete", text });

  /** Serves one request whose output waits for the client. */
  async function waiting() {
    const input = new PassThrough();
    const output = new PassThrough();
    const handle = serveStdio({ serve, close: async () => {} }, { input, output, graceMs: 1 });
    let isClosed = false;
    void handle.closed.then(() => {
      isClosed = true;
    });
    const buffered = once(output, "readable");
    input.end('{"jsonrpc":"2.0","id":1,"method":"large"}\n');
    await buffered;
    await delay(20); // time: longer than graceMs, which must not apply
    return { output, handle, isClosed: () => isClosed };
  }

  it("gets all of it, however late it reads", async () => {
    const { output, handle, isClosed } = await waiting();
    expect(isClosed()).toBe(false);
    const read = textOf(output);
    await handle.closed;
    expect(JSON.parse(await read)).toMatchObject({ id: 1, result: { text } });
  });

  it("does not delay a server that is closed", async () => {
    const { handle, isClosed } = await waiting();
    await handle.close();
    expect(isClosed()).toBe(true);
  });

  it("does not delay a server whose output breaks", async () => {
    const { output, handle, isClosed } = await waiting();
    output.destroy(new Error("EPIPE"));
    await handle.closed;
    expect(isClosed()).toBe(true);
  });
});

it("writes a large answer to a pipe that is read late, before the process exits", async () => {
  const fixture = fileURLToPath(new URL("./fixtures/exiting-server.mjs", import.meta.url));
  const child = spawn(process.execPath, ["--import", tsx, fixture]);
  child.stdin.end('{"jsonrpc":"2.0","id":1,"method":"large"}\n');
  // The server reports on stderr that it has answered.
  await once(child.stderr, "data");
  await delay(50); // time: longer than graceMs of the fixture
  const [output, [code]] = await Promise.all([textOf(child.stdout), once(child, "exit")]);
  expect(output).toHaveLength(5_000_000);
  expect(code).toBe(0);
}, 60_000);
