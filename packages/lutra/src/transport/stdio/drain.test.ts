import { PassThrough } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { serveStdio } from "./server.ts";

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
