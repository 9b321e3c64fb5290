/**
 * Reserves `stdout` for messages: "The server MUST NOT write anything to its `stdout` that is not a
 * valid MCP message."
 *
 * @spec basic/transports/stdio
 */

let isGuarded = false;

/**
 * Redirects the output of `console.log` and `process.stdout.write` to `stderr`, until the returned
 * function is called.
 *
 * Writes that do not pass through `process.stdout` are not redirected: `fs.writeSync(1, ...)`,
 * native code, and child processes that were started with `stdio: "inherit"`.
 *
 * @throws {TypeError} while another guard is active
 */
export function guardStdout(): () => void {
  if (isGuarded) throw new TypeError("output: process.stdout is already used by another server");
  isGuarded = true;
  const { stdout, stderr } = process;
  const { write, end } = stdout;
  const toStderr = stderr.write.bind(stderr);
  stdout.write = toStderr;
  // Ending `stdout` would end it for messages, too.
  stdout.end = ((...args: Parameters<typeof toStderr>) => {
    if (typeof args[0] === "string" || args[0] instanceof Uint8Array) toStderr(...args);
    return stdout;
  }) as typeof stdout.end;
  return () => {
    // A `write` that another module has installed meanwhile stays. It calls ours, that is, stderr.
    if (stdout.write === toStderr) stdout.write = write;
    stdout.end = end;
    isGuarded = false;
  };
}
