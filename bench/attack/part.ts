/** One part of the attack: a table of hostile inputs and of their effect. */
export interface Part {
  /** The name on the command line. */
  readonly name: string;
  readonly title: string;
  /** Names of the columns. */
  readonly columns: readonly string[];
  /** True if all columns contain text. @default only the first one does */
  readonly isText?: boolean;
  /** Sends every input, one at a time. The short form of a run takes a few seconds. */
  readonly run: (form: Form) => Promise<readonly Outcome[]>;
}

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

/** Returns the reason why an attacked process gave no answer. */
export function reasonOf(error: unknown): string {
  const { message, name } = error as Error;
  return name === "TimeoutError" ? "frozen" : message;
}
