/** The argument and the options that all commands for a server have. */
import type { CommandArgument, CommandLine, CommandOption } from "../command-line.ts";

export const targetArgument: CommandArgument = {
  name: "target",
  description:
    "a server: a URL, the path of a module, or a name in a configuration file; or a program after `--`",
};

export const targetOptions: { readonly [name: string]: CommandOption } = {
  header: {
    letter: "H",
    placeholder: "LINE",
    description: "Header for each request to a URL, such as `Authorization: Bearer abc`",
    isRepeatable: true,
  },
  as: {
    placeholder: "NAME",
    description: "Sign-in of `lutra login` for a URL; `default` is the one without a name",
    fallback: "no sign-in",
  },
  era: {
    placeholder: "E",
    description: "Revisions that the server speaks: `modern`, `legacy` or one such as `2025-06-18`",
    fallback: "detected",
  },
  config: {
    placeholder: "FILE",
    description: "File with the names of servers, such as `.mcp.json`",
    fallback: "the files of hosts",
  },
  timeout: {
    placeholder: "MS",
    description: "Maximum time without a result or progress, in milliseconds",
    fallback: "`60000`",
  },
  stderr: { description: "Show the standard error of a program" },
  json: { description: "Print JSON, also for errors" },
};

export const saveOption: { readonly [name: string]: CommandOption } = {
  save: {
    placeholder: "DIR",
    description: "Folder for images, audio and other binary data",
    fallback: "a new temporary folder",
  },
};

export const argumentsOption: { readonly [name: string]: CommandOption } = {
  args: {
    placeholder: "JSON",
    description: "Arguments as a JSON object; `-` reads it from standard input",
    fallback: "those after the name",
  },
};

/** The options of `lutra call`. Arguments of a tool can't have their names. */
export const callOptions: { readonly [name: string]: CommandOption } = {
  ...argumentsOption,
  detach: { description: "Print the id of the task that the call becomes, and do not wait" },
  ...saveOption,
  ...targetOptions,
};

/** Returns the arguments after the target. */
export function restOf({ values, program }: CommandLine): readonly string[] {
  return program === undefined ? values.slice(1) : values;
}

/** Returns the value of an option, or undefined. */
export function textOption({ options }: CommandLine, name: string): string | undefined {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
}
