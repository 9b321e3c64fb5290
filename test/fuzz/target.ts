/** Targets of the fuzzer: a part of the project, and the properties that hold for every input. */

interface TargetParts {
  /** The name on the command line, and of the folder of its seeds. */
  readonly name: string;
  /** The properties, in one line. */
  readonly title: string;
  /** Text that mutations insert, such as keywords and separators. */
  readonly dictionary?: readonly string[];
  /** Maximum processor time of one input, in milliseconds. @default 100 */
  readonly maxMs?: number;
}

/** A target whose inputs are bytes, or values that are read from JSON. Throws for a violation. */
export type Target = TargetParts &
  (
    | { readonly kind: "bytes"; readonly check: (input: Uint8Array) => void | Promise<void> }
    | { readonly kind: "json"; readonly check: (input: unknown) => void | Promise<void> }
  );

const decoder = new TextDecoder();

/**
 * Runs a target with an input in the form of a file. Returns a promise if the target does.
 *
 * @throws {unknown} for an input that violates a property
 */
export function runTarget(target: Target, file: Uint8Array): void | Promise<void> {
  if (target.kind === "bytes") return target.check(file);
  return target.check(JSON.parse(decoder.decode(file)));
}

/** Returns what a function throws, or undefined if it returns. */
export function thrownBy(run: () => unknown): unknown {
  try {
    run();
    return undefined;
  } catch (thrown) {
    return thrown ?? new Error("a nullish value was thrown");
  }
}

/** Calls a function that may throw errors of one kind. Returns undefined if it throws one. */
export function orRefused<T>(
  run: () => T,
  isExpected: (thrown: unknown) => boolean,
): T | undefined {
  try {
    return run();
  } catch (thrown) {
    if (isExpected(thrown)) return undefined;
    throw thrown;
  }
}

const exactDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Returns text as UTF-8 transports it: lone surrogates become U+FFFD. */
export function wellFormed(text: string): string {
  return exactDecoder.decode(new TextEncoder().encode(text));
}

/** Returns a string as it is, and other values as JSON. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : String(JSON.stringify(value));
}
