/** Prints a message for the user on standard error, which is not part of the output. */
export function notice(line: string): void {
  console.error(`lutra: ${line}`);
}
