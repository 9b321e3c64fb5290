/** An environment variable that the program reads. */
export type Variable = "LUTRA_STORE" | "LUTRA_BUS" | "LUTRA_TOKENS" | "NO_COLOR";

/** The meaning of each environment variable, for the reference. */
export const variables: { readonly [name in Variable]: string } = {
  LUTRA_STORE: "URL of the store. It applies without `--store`",
  LUTRA_BUS: "URL of the event bus. It applies without `--bus`",
  LUTRA_TOKENS:
    "Tokens in the format of the file that `--token-file` names. They apply without `--token-file` and `--auth`",
  NO_COLOR: "Disables colours in a terminal, whatever its value",
};
