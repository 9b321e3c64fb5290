/** The parts of an attack, and the texts of their tables. */
import type { Watched } from "./watch-process.ts";

/** One part of the attack: a table of hostile inputs and of their effect. */
export interface Part {
  /** The name on the command line. */
  readonly name: string;
  readonly title: string;
  /** Names of the columns. */
  readonly columns: readonly string[];
  /** True if all columns contain text. @default only the first one does */
  readonly isText?: boolean;
  /** Time after which the part is given up, in milliseconds. @default none */
  readonly maxMs?: number;
  /** Sends every input, one at a time. The short form of a run takes a few seconds. */
  readonly run: (form: Form, onOutcome?: OnOutcome) => Promise<readonly Outcome[]>;
}

/** Called with each outcome as soon as it is known. */
export type OnOutcome = (outcome: Outcome) => void;

export type Form = "short" | "whole";

/** The effect of one input. */
export interface Outcome {
  /** One cell for each column. */
  readonly cells: readonly string[];
  /** False when a bound was exceeded. */
  readonly isHeld: boolean;
  /** True when the pause exceeded its bound, which is measured again. */
  readonly isSlow?: boolean;
}

/** Measures one input after the other. */
export async function measureAll(
  measures: readonly (() => Promise<Outcome>)[],
  onOutcome: OnOutcome = () => {},
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const measure of measures) {
    const outcome = await measure();
    outcomes.push(outcome);
    onOutcome(outcome);
  }
  return outcomes;
}

/** Number of measurements in each of which an input must exceed a bound. */
const maxMeasurements = 3;

/**
 * Measures again when a pause was too long. A pause that an input causes is there each time; one that
 * the machine causes, for instance while a neighbour uses its caches and memory, is not.
 */
export async function confirmed(measure: () => Promise<Outcome>): Promise<Outcome> {
  let outcome = await measure();
  for (let count = 1; count < maxMeasurements && outcome.isSlow; count += 1) {
    outcome = await measure();
  }
  return outcome;
}

/** Returns the cells of a pause: the time of the thread, and that of the clock. */
export function pauseCells({ pauseMs, clockMs }: Pick<Watched, "pauseMs" | "clockMs">): string[] {
  return [milliseconds(pauseMs), milliseconds(clockMs)];
}

export function milliseconds(ms: number): string {
  return `${ms.toFixed(0)} ms`;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

/** Escapes the character that separates the cells of a Markdown table. */
export function withoutBars(text: string): string {
  return text.replaceAll("|", "\\|");
}

/**
 * Returns the outcome of an attack whose process gave no answer. A process is also frozen while the
 * machine runs only others, so it is measured again.
 */
export function unanswered(what: string, error: unknown, columns: readonly string[]): Outcome {
  const { message, name } = error as Error;
  const reason = name === "TimeoutError" ? "frozen" : message;
  const cells = [what, reason, ...Array<string>(columns.length - 2).fill("")].map(withoutBars);
  return { cells, isHeld: false, isSlow: reason === "frozen" };
}
