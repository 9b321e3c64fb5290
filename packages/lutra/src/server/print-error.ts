/** The default of `onError`, which writes errors to the console, and the stacks of errors. */

/** A frame of a package of Lutra, or of the internals of Node. */
const ownFrame = /^\s+at .*(?:[\\/]node_modules[\\/]@?lutra[\\/]|[( ]node:internal\/)/;
const frame = /^\s+at /;

/** Number of causes whose stacks are shortened. */
const maxCauses = 5;

/** Prints an error after the place at which it occurred, with a short stack. */
export function printError(error: unknown, where: string): void {
  shortenStack(error);
  console.error("lutra: %s:", where, error);
}

/**
 * Creates a function that prints errors that are masked for clients. After the first one it prints
 * the way to tell clients more.
 */
export function maskedErrorPrinter(): typeof printError {
  let isFirst = true;
  return (error, where) => {
    printError(error, where);
    // A TypeError is a mistake in the program, which concerns no client.
    if (!isFirst || error instanceof TypeError) return;
    isFirst = false;
    console.error(
      'lutra: the client received "Internal error"; throw a ToolError to tell the model, or a ProtocolError to tell the client',
    );
  };
}

/**
 * Removes own frames from the stacks of an error and its causes, so that each begins with the
 * author's line. A stack of own frames alone keeps the first one.
 */
export function shortenStack(error: unknown, left: number = maxCauses): void {
  if (!(error instanceof Error) || left === 0) return;
  try {
    error.stack = withoutOwnFrames(error.stack ?? "");
  } catch {
    // A frozen error keeps its stack.
  }
  shortenStack(error.cause, left - 1);
}

function withoutOwnFrames(stack: string): string {
  let isOnly = true;
  const lines = stack.split("\n");
  const kept = lines.filter((line) => {
    if (ownFrame.test(line)) return false;
    if (frame.test(line)) isOnly = false;
    return true;
  });
  if (isOnly) kept.push(...lines.filter((line) => frame.test(line)).slice(0, 1));
  return kept.join("\n");
}
