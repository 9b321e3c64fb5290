export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 130 | 141;

/** The reason for each exit code of the program, for the reference. */
export const exitCodes: { readonly [code in ExitCode]: string } = {
  0: "The command succeeded, was stopped, its input ended (`--stdio`), or nothing is left to change (`migrate`)",
  1: "The module does not load, the configuration is invalid, the store can't be opened, the port is in use, replicas keep dying, no route matches (`gateway routes`), something is left to change (`migrate`), the user is not signed in (`login`, `--as`), a check found a problem (`doctor`), or a second signal ended the command",
  2: "The command line, the arguments of a tool, a variable of the environment, or a file that an option names is invalid",
  3: "The tool ran and failed, or its task was cancelled or has expired",
  4: "The server refused the request",
  5: "The server can't be reached, has not answered in time, or its answer or skill is not usable",
  130: "The call was cancelled by Ctrl-C or another signal",
  141: "The output of the command was closed",
};
