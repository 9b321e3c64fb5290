/**
 * The memory that a request leaves in the old generation of V8, where only a full collection frees it.
 * Collections of the young generation take longer with everything that they have to move there.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, it } from "vitest";
import { type Posted, postCalls } from "./fixtures/post-calls.ts";

const calls = 4000;
/** More than the fields of a line of the log, which wait to be written, and less than a request. */
const maxBytes = 1500;

const call = { method: "tools/call", name: "add" };
const merged = { method: "tools/call", name: "first.add" };
const list = { method: "tools/list" };

let child: ChildProcess | undefined;
afterEach(() => void child?.kill("SIGKILL"));

/** Starts a subject whose functions are never optimised, because that can hide what they retain. */
async function start(subject: string): Promise<Pick<Posted, "url" | "headers">> {
  const file = new URL("./fixtures/served-process.mjs", import.meta.url);
  child = fork(file, [subject], { execArgv: ["--no-opt", "--no-sparkplug"] });
  return (await answer()) as Pick<Posted, "url" | "headers">;
}

interface Usage {
  readonly oldBytes: number;
  /** Number of full collections. */
  readonly majors: number;
}

async function usage(): Promise<Usage> {
  child?.send("usage");
  return (await answer()) as Usage;
}

async function answer(): Promise<unknown> {
  const [message] = await once(child as ChildProcess, "message");
  return message;
}

it.each([
  ["a server", call],
  ["a server with tokens", call],
  ["a passed call", call],
  ["a merged call", merged],
  ["a cached list", list],
])("%s leaves nothing of a request in the old generation", async (subject, request) => {
  const posted = { ...(await start(subject)), ...request };
  await postCalls(posted, calls);
  let [before, after] = [await usage(), await usage()];
  // A full collection would hide what was left.
  do {
    before = after;
    await postCalls(posted, calls);
    after = await usage();
  } while (after.majors > before.majors);
  expect((after.oldBytes - before.oldBytes) / calls).toBeLessThan(maxBytes);
});
