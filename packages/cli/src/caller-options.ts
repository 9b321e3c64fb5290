/** The options of `lutra serve` and `lutra up` that say who may call. */
import type { CommandOption } from "./command-line.ts";
import type { Variable } from "./environment.ts";

/** The environment variable with tokens, in the format of the file. */
export const tokensVariable: Variable = "LUTRA_TOKENS";

export const callerOptions: { readonly [name: string]: CommandOption } = {
  "token-file": {
    alias: "tokens",
    placeholder: "FILE",
    description:
      "File with one bearer token per line: the id of the caller, the token and its scopes",
    variable: tokensVariable,
    fallback: "every caller is served",
  },
  auth: {
    placeholder: "MODULE",
    description:
      "File whose default export is a function that verifies credentials; not with `--token-file`",
  },
};
