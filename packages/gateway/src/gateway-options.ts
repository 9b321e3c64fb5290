import type { Method, Principal } from "lutra/protocol";
import type { Head } from "./head/head.ts";
import type { LogStream } from "./log/access-log.ts";
import type { RunModule } from "./upstreams/module-upstream.ts";

/**
 * Returns the caller's principal, given the head of a request. Rejects with the `ProtocolError` that
 * the client receives.
 */
export type Authenticate = (head: Head) => Principal | undefined | Promise<Principal | undefined>;

export interface GatewayOptions {
  /** Runs server modules in processes. Required if the configuration names a module. */
  readonly modules?: RunModule | undefined;
  /** Identifies callers. @default no principals */
  readonly authenticate?: Authenticate | undefined;
  /**
   * Methods of extensions, which are then routed and checked like the core's.
   *
   * @default those of `lutra/tasks`
   */
  readonly methods?: readonly Method[] | undefined;
  /** The destination of the access log, instead of the configured one. */
  readonly logStream?: LogStream | undefined;
  /** Called when writing the access log to standard output fails. */
  readonly onOutputError?: ((error: Error) => void) | undefined;
  /** Called with each operational message, a single line. @default writes to standard error */
  readonly notice?: ((line: string) => void) | undefined;
}
