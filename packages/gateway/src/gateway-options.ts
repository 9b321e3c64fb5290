import type { ReadHeader } from "lutra/node";
import type { Method, Principal } from "lutra/protocol";
import type { Head } from "./head/head.ts";
import type { LogStream } from "./log/access-log.ts";
import type { RunModule } from "./upstreams/module-upstream.ts";

/**
 * Returns the caller's principal, or undefined for a caller without credentials. Throw
 * `unauthorized()` or `forbidden()` of `lutra/server` to refuse the caller in another way. The
 * functions for `serveHttp` may be used as they are.
 *
 * @param header Returns a header of the request by its lower-case name
 * @param head The parts by which the gateway chooses the route
 */
export type Authenticate = (
  header: ReadHeader,
  head: Head,
) => Principal | undefined | Promise<Principal | undefined>;

export interface GatewayOptions {
  /** Runs server modules in processes. Required if the configuration names a module. */
  readonly modules?: RunModule | undefined;
  /**
   * Identifies callers, in place of `auth` in the configuration. A request for which it returns no
   * principal is refused with the status 401. An error that is no `ProtocolError` is masked, with the
   * status 500.
   *
   * @default every caller is served, without a principal
   */
  readonly authenticate?: Authenticate | undefined;
  /** True to serve callers for which `authenticate` returns undefined, too. @default false */
  readonly anonymous?: boolean | undefined;
  /**
   * True to pass the `Authorization` header on to the upstreams although `authenticate` has verified
   * it, for upstreams that verify the same credentials. @default false
   */
  readonly forwardCredentials?: boolean | undefined;
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
