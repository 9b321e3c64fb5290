/**
 * Keeps `stdout` for messages: "The server MUST NOT write anything to its `stdout` that is not a
 * valid MCP message."
 *
 * @spec basic/transports/stdio
 */

let isGuarded = false;

/**
 * Sends what `console.log` and `process.stdout.write` are given to `stderr`, until the returned
 * function is called. Nothing is lost, only moved.
 *
 * Out of reach are writes that do not pass through `process.stdout`: `fs.writeSync(1, ...)`, native
 * code, and child processes that were started with `stdio: "inherit"`.
 *
 * @throws {TypeError} when it is called twice
 */
export function guardStdout(): () => void {
  if (isGuarded) throw new TypeError("output: process.stdout serves another client already");
  isGuarded = true;
  const { stdout, stderr } = process;
  const { write, end } = stdout;
  const toStderr = stderr.write.bind(stderr);
  stdout.write = toStderr;
  // What ends `stdout` would end it for messages too.
  stdout.end = ((...args: Parameters<typeof toStderr>) => {
    if (typeof args[0] === "string" || args[0] instanceof Uint8Array) toStderr(...args);
    return stdout;
  }) as typeof stdout.end;
  return () => {
    // Whoever replaced `write` in the meantime goes on; what it calls is ours and goes to stderr.
    if (stdout.write === toStderr) stdout.write = write;
    stdout.end = end;
    isGuarded = false;
  };
}
