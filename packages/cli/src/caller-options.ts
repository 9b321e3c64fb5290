/** The options of `lutra serve` and `lutra up` that say who may call. */
import type { CommandOption } from "./command-line.ts";

/** The environment variable with tokens, in the format of the file. */
export const tokensVariable = "LUTRA_TOKENS";

export const callerOptions: { readonly [name: string]: CommandOption } = {
  tokens: {
    placeholder: "FILE",
    description: `File with one bearer token per line: id, token, scopes (default: ${tokensVariable}, or every caller)`,
  },
  auth: {
    placeholder: "MODULE",
    description: "File whose default export is a function that verifies credentials",
  },
};
