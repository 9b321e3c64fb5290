import type { ProtectedResource, ReadHeader } from "lutra/node";
import type { Method, Principal } from "lutra/protocol";
import type { EventBus, HandleStore } from "lutra/stores";
import type { Head } from "./head/head.ts";
import type { LogStream } from "./log/access-log.ts";
import type { OpenShared } from "./shared/shared-stores.ts";
import type { RunModule } from "./upstreams/module-upstream.ts";

/**
 * Returns the caller's principal, or undefined for a caller without credentials. Throw
 * `unauthorized()` or `forbidden()` of `lutra/server` to refuse the caller in another way. The
 * functions for `serveHttp` may be used as they are.
 *
 * @param header Returns a header of the request by its lower-case name
 * @param head The parts by which the gateway chooses the route
 */
export interface Authenticate {
  (header: ReadHeader, head: Head): Principal | undefined | Promise<Principal | undefined>;
  /** The description of the gateway for clients that sign in; `protect` of `lutra/auth` sets it. */
  readonly resource?: ProtectedResource | undefined;
}

export interface GatewayOptions {
  /**
   * Connects several gateways with the same `keys`, so that each can continue what a client has begun
   * at another one with a session or a server of an earlier revision.
   *
   * @default every client must return to the same gateway
   */
  readonly events?: EventBus | undefined;
  /** Runs server modules in processes. Required if the configuration names a module. */
  readonly modules?: RunModule | undefined;
  /** Opens the stores of `shared` in the configuration. Required if the configuration has it. */
  readonly openShared?: OpenShared | undefined;
  /**
   * Identifies callers, in place of `auth` in the configuration. A request for which it returns no
   * principal is refused with the status 401. An error that is not a `ProtocolError` is masked, with the
   * status 500.
   *
   * @default every caller is served, without a principal
   */
  readonly authenticate?: Authenticate | undefined;
  /** True to serve callers for which `authenticate` returns undefined, too. @default false */
  readonly anonymous?: boolean | undefined;
  /**
   * True to pass credentials (`Authorization`, `Cookie`, `DPoP`, `X-API-Key`) on to the upstream
   * although `authenticate` has verified them, for one that verifies the same ones. Refused with several
   * upstreams. @default false
   */
  readonly forwardCredentials?: boolean | undefined;
  /**
   * Methods of extensions, which are then routed and checked like the core's.
   *
   * @default those of `lutra/tasks` and `lutra/skills`
   */
  readonly methods?: readonly Method[] | undefined;
  /**
   * Opens the store for the counts of the era report, or for the tokens of users. Required if the
   * configuration names one (`eras.store`, `auth.signIn.store`). The gateway closes it.
   */
  readonly openStore?: ((url: string) => Promise<HandleStore>) | undefined;
  /**
   * True to record spans with OpenTelemetry when the configuration has no `tracing`. Needs the package
   * `@opentelemetry/api`, and an SDK that the application has registered. @default false
   */
  readonly tracing?: boolean | undefined;
  /**
   * True to serve the console on the admin listener when the configuration has no `admin.console` and
   * `admin.host` is a loopback address, if the package `@lutra/console` is installed. @default false
   */
  readonly console?: boolean | undefined;
  /** The destination of the access log, instead of the configured one. */
  readonly logStream?: LogStream | undefined;
  /** Called when writing the access log to standard output fails. */
  readonly onOutputError?: ((error: Error) => void) | undefined;
  /** Called if `close` takes longer than half a second, with the number of exchanges in flight. */
  readonly onDrain?: ((exchanges: number) => void) | undefined;
  /** Called with each operational message, a single line. @default writes to standard error */
  readonly notice?: ((line: string) => void) | undefined;
}
