/** The loop of the fuzzer: changes inputs, and keeps those that reach new blocks of the sources. */
import { readSeeds } from "./corpus.ts";
import { Coverage } from "./coverage.ts";
import { type Material, mutateBytes } from "./mutate-bytes.ts";
import { mutateJSON } from "./mutate-json.ts";
import { Random } from "./random.ts";
import { runTarget, type Target } from "./target.ts";
import { Watchdog } from "./watchdog.ts";

interface Finding {
  readonly input: Uint8Array;
  readonly error: unknown;
}

export interface Outcome {
  readonly inputs: number;
  readonly blocks: number;
  /** Number of inputs that reached new blocks. */
  readonly kept: number;
  readonly findings: readonly Finding[];
}

export interface FuzzOptions {
  readonly minutes: number;
  readonly seed: number;
}

/** Number of inputs between two measurements of the coverage, each of which takes far longer than an input. */
const batchSize = 64;
const defaultMaxMs = 100;
/** Findings are often one fault, so that a run ends after a few. */
const maxFindings = 5;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Fuzzes a target. The inputs are the same for the same seed, their number depends on the time. */
export async function fuzz(target: Target, { minutes, seed }: FuzzOptions): Promise<Outcome> {
  const run = new Run(target, seed);
  try {
    await run.batch(readSeeds(target).map(({ bytes }) => bytes));
    const end = performance.now() + minutes * 60_000;
    while (performance.now() < end && run.findings.length < maxFindings) {
      await run.batch(Array.from({ length: batchSize }, () => run.nextInput()));
    }
    const { inputs, findings, corpus, coverage } = run;
    return { inputs, findings, kept: corpus.length, blocks: coverage.blocks };
  } finally {
    await run.close();
  }
}

class Run {
  inputs = 0;
  readonly findings: Finding[] = [];
  readonly corpus: Uint8Array[] = [];
  readonly coverage = new Coverage();
  readonly #target: Target;
  readonly #watchdog: Watchdog;
  readonly #material: Material;
  readonly #messages = new Set<string>();

  constructor(target: Target, seed: number) {
    this.#target = target;
    this.#watchdog = new Watchdog(target);
    this.#material = { random: new Random(seed), dictionary: target.dictionary ?? [] };
  }

  nextInput(): Uint8Array {
    const { random } = this.#material;
    if (this.corpus.length === 0) throw new Error(`${this.#target.name}: no seed reaches any code`);
    const base = random.pick(this.corpus);
    const other = random.pick(this.corpus);
    if (this.#target.kind === "bytes") return mutateBytes(base, other, this.#material);
    const [value, part] = [base, other].map(
      (bytes) => JSON.parse(decoder.decode(bytes)) as unknown,
    );
    return encoder.encode(JSON.stringify(mutateJSON(value, part, this.#material)));
  }

  /** Runs inputs, and again one by one if they have reached new blocks. */
  async batch(inputs: readonly Uint8Array[]): Promise<void> {
    this.coverage.reset();
    for (const input of inputs) await this.#try(input);
    if (this.corpus.length > 0 && !this.coverage.hasNew()) return;
    this.coverage.reset();
    for (const input of inputs) {
      await this.#try(input);
      if (this.coverage.add()) this.corpus.push(input);
    }
  }

  async close(): Promise<void> {
    this.coverage.close();
    await this.#watchdog.close();
  }

  async #try(input: Uint8Array): Promise<void> {
    this.inputs += 1;
    this.#watchdog.watch(input);
    const error = await this.#violation(input);
    if (error === undefined) return;
    // One fault is found by many inputs, which differ in the values of their messages.
    const message = String(error).replace(/\d+/g, "0").slice(0, 120);
    if (this.#messages.has(message)) return;
    this.#messages.add(message);
    this.findings.push({ input, error });
  }

  async #violation(input: Uint8Array): Promise<unknown> {
    const { maxMs = defaultMaxMs } = this.#target;
    try {
      const start = performance.now();
      const running = runTarget(this.#target, input);
      if (running !== undefined) await running;
      if (performance.now() - start <= maxMs) return undefined;
      const ms = await this.#shortestRun(input);
      return ms > maxMs
        ? new Error(`took ${Math.round(ms)} ms, expected at most ${maxMs}`)
        : undefined;
    } catch (error) {
      return error ?? new Error("a nullish value was thrown");
    }
  }

  /** Returns the processor time of an input, without the chance of a collection or a compilation. */
  async #shortestRun(input: Uint8Array): Promise<number> {
    let shortest = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const before = process.cpuUsage();
      await runTarget(this.#target, input);
      const { user, system } = process.cpuUsage(before);
      shortest = Math.min(shortest, (user + system) / 1000);
    }
    return shortest;
  }
}
