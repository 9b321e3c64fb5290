/** Ends the process when one input takes far too long, and writes the input to a file first. */
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { findingPath } from "./corpus.ts";
import type { Target } from "./target.ts";

/** Time after which an input is taken for an endless loop, in milliseconds. */
const maxMs = 60_000;
const maxBytes = 1_048_576;
const headBytes = 8;

/** The thread reads memory that the fuzzer has written, since the fuzzer itself can't run. */
const program = `
const { workerData } = require("node:worker_threads");
const { writeFileSync, writeSync } = require("node:fs");
const { memory, path, name, maxMs } = workerData;
const head = new Int32Array(memory, 0, 2);
let last = -1;
setInterval(() => {
  if (head[0] !== last) { last = head[0]; return; }
  writeFileSync(path, Buffer.from(memory, ${headBytes}, head[1]));
  writeSync(2, "An input took more than " + maxMs + " ms. Reproduce: npm run fuzz -- " + name + " --input " + path + "\\n");
  process.kill(process.pid, "SIGKILL");
}, maxMs);
`;

export class Watchdog {
  readonly #memory = new SharedArrayBuffer(headBytes + maxBytes);
  readonly #head = new Int32Array(this.#memory, 0, 2);
  readonly #worker: Worker;

  constructor(target: Target) {
    const path = `${join(findingPath(target, new Uint8Array()), "..", "endless")}`;
    const workerData = { memory: this.#memory, path, name: target.name, maxMs };
    this.#worker = new Worker(program, { eval: true, workerData, execArgv: [] });
    this.#worker.unref();
  }

  /** Records the input that runs next. */
  watch(input: Uint8Array): void {
    const part = input.subarray(0, maxBytes);
    new Uint8Array(this.#memory, headBytes).set(part);
    this.#head[1] = part.length;
    this.#head[0] = (this.#head[0] as number) + 1;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
