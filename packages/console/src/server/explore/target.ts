/** The server of an Explore view, and how to connect to it. */
import type { Client, ClientOptions } from "lutra/client";

/** The description of a server for the page. Contains no secrets. */
export interface ExploredTarget {
  readonly kind: "url" | "command" | "module";
  readonly label: string;
  readonly url?: string;
  /** The names of the headers that are added to each request. */
  readonly headers?: readonly string[];
  readonly command?: string;
  readonly args?: readonly string[];
  readonly file?: string;
}

export interface ExplorerOptions {
  readonly target: ExploredTarget;
  /**
   * The revisions that the server speaks: `auto`, `modern`, `legacy` or one such as `2025-06-18`.
   * @default "auto"
   */
  readonly era?: string | undefined;
  /**
   * True to sign in by OAuth when the server asks for a token. Only for a URL with https, or of this
   * machine. @default false
   */
  readonly signsIn?: boolean | undefined;
  /**
   * The origin of a sandbox for apps, as `openAppSandbox` opens it. Without one, results of tools with an
   * app are shown as text.
   */
  readonly sandbox?: string | undefined;
  /**
   * Creates the client. Called once for each choice of a revision. The options contain it, and the
   * handlers by which the page answers questions and shows messages.
   */
  readonly connect: (options: ClientOptions) => ConnectedClient | Promise<ConnectedClient>;
}

export interface ConnectedClient {
  readonly client: Client;
  readonly close: () => Promise<void>;
}
