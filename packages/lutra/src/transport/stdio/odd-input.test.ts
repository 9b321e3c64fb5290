/** Input that other programs send over stdio, and that must keep working. */
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import type { Serve } from "../../protocol/exchange.ts";
import type { JSONObject } from "../../protocol/json.ts";
import type { StdioServerOptions } from "./options.ts";
import { serveStdio } from "./server.ts";

const echo: Serve = async ({ params }) => ({ resultType: "complete", ...params });

/** Serves chunks of input to their end. Resolves to the messages that were sent. */
async function serve(
  chunks: readonly (string | Uint8Array)[],
  options: StdioServerOptions = {},
): Promise<readonly JSONObject[]> {
  const input = new PassThrough();
  const output = new PassThrough();
  const { closed } = serveStdio(
    { serve: echo, close: async () => {} },
    { input, output, ...options },
  );
  const sent = text(output);
  for (const chunk of chunks) input.write(chunk);
  input.end();
  await closed;
  const lines = (await sent).split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line));
}

const line = (id: number, value: string) =>
  JSON.stringify({ jsonrpc: "2.0", id, method: "echo", params: { value } });
const answer = (id: number, value: string) => ({
  jsonrpc: "2.0",
  id,
  result: { resultType: "complete", value },
});

it("a byte order mark before the first message is ignored", async () => {
  expect(await serve([`\ufeff${line(1, "a")}\n${line(2, "b")}\n`])).toEqual([
    answer(1, "a"),
    answer(2, "b"),
  ]);
});

it("lines may end with CR and LF, and be empty", async () => {
  expect(await serve([`${line(1, "a")}\r\n\r\n${line(2, "b")}\r\n`])).toEqual([
    answer(1, "a"),
    answer(2, "b"),
  ]);
});

it("many lines that are not messages do not delay other work", async () => {
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 0);
  const answers = await serve([`${"a\n".repeat(20_000)}${line(1, "a")}\n`]);
  clearInterval(timer);
  expect(answers).toHaveLength(20_001);
  expect(answers[0]).toMatchObject({ error: { code: -32700 } });
  expect(answers.at(-1)).toEqual(answer(1, "a"));
  expect(turns).toBeGreaterThan(20);
});

it("nothing more is read while lines wait for the next turn", async () => {
  const input = new PassThrough();
  const output = new PassThrough();
  const { closed } = serveStdio({ serve: echo, close: async () => {} }, { input, output });
  const notification = JSON.stringify({ jsonrpc: "2.0", method: "notifications/x" });
  input.write(`${notification}\n`.repeat(20_000));
  await new Promise((resolve) => setImmediate(resolve));
  expect(input.isPaused()).toBe(true);
  await once(input, "resume");
  input.end();
  await closed;
});

it("characters may be split between chunks", async () => {
  const bytes = Buffer.from(`${line(1, "🦦é")}\n`);
  expect(await serve([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual([answer(1, "🦦é")]);
});

it("a message of 20 MiB is answered if the limit allows it, and refused otherwise", async () => {
  const value = "x".repeat(20 * 1024 * 1024);
  const input = [`${line(1, value)}\n${line(2, "next")}\n`];
  const maxLineBytes = 32 * 1024 * 1024;
  expect(await serve(input, { maxLineBytes })).toEqual([answer(1, value), answer(2, "next")]);
  expect(await serve(input)).toMatchObject([{ error: { code: -32700 } }, answer(2, "next")]);
});
