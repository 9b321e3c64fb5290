/** The listeners for clients that a configuration describes. */
import type { CompleteConfig } from "./config/complete-routes.ts";
import type { ListenPlace } from "./config/schema.ts";
import { ListenError } from "./listen-error.ts";

/** One listener for clients. */
export interface ListenerPlace {
  readonly config: ListenPlace;
  /** The address to listen on. A Unix socket has permissions. */
  readonly at: Pick<ListenPlace, "host" | "port" | "socket"> & {
    readonly mode: number | undefined;
  };
  /** Returns the error for an address that is in use or unavailable. */
  readonly explain: (cause: unknown) => ListenError;
}

/** Returns the listeners: that of `listen`, then those of `listen.also`. */
export function listenerPlaces({ listen }: CompleteConfig): readonly ListenerPlace[] {
  return [listen, ...listen.also].map((config, index) => {
    const { host, port, socket, mode } = config;
    const key = index === 0 ? "listen" : `listen.also[${index - 1}]`;
    return {
      config,
      at: { host, port, socket, mode: mode === undefined ? undefined : Number.parseInt(mode, 8) },
      explain: (cause) => new ListenError("listen", { host, port, socket }, cause, key),
    };
  });
}
