/** The forms in which a command line names a server. */
import type { StdioCommand } from "lutra/node";

interface Labelled {
  /** The words by which users know the server. */
  readonly label: string;
}

export interface URLTarget extends Labelled {
  readonly kind: "url";
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
  /** The name of the sign-in of `lutra login`. */
  readonly signIn?: string | undefined;
}

export interface CommandTarget extends Labelled {
  readonly kind: "command";
  readonly command: StdioCommand;
}

interface ModuleTarget extends Labelled {
  readonly kind: "module";
  readonly file: string;
}

export type Target = URLTarget | CommandTarget | ModuleTarget;
