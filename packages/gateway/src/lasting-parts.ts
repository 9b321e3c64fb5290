/** The parts of a gateway that outlive each of its configurations. */
import type { Middleware, Principal } from "lutra/protocol";
import { randomKeys, type SealKey } from "lutra/server";
import { currentSealer } from "./bridge/current-sealer.ts";
import { ParkedRelay } from "./bridge/parked-relay.ts";
import type { Parking } from "./bridge/parking.ts";
import type { CompleteConfig } from "./config/complete-routes.ts";
import { ResponseBudget } from "./delivery/response-budget.ts";
import type { GatewayOptions } from "./gateway-options.ts";
import { systemClock } from "./replicas/clock.ts";
import type { Sharing } from "./shared/open-shared.ts";
import { type SignInResources, SignIns } from "./sign-in/sign-in.ts";
import type { StartTrace } from "./tracing/start-trace.ts";

/** The options that configurations need. */
export interface ConfigOptions
  extends Pick<
    GatewayOptions,
    "modules" | "events" | "methods" | "authenticate" | "anonymous" | "forwardCredentials"
  > {
  readonly notice: (line: string) => void;
  /** The stores that gateways share. @default each gateway has its own */
  readonly sharing?: Sharing | undefined;
  /** The parts of sign-ins that a configuration with `auth.signIn` needs. */
  readonly signIn?: SignInResources | undefined;
  /** Starts the spans of exchanges. Undefined without tracing. */
  readonly startTrace?: StartTrace | undefined;
  /** Observes the requests that are read. Undefined without the console. */
  readonly observer?: Middleware | undefined;
}

/** The current configuration, as the lasting parts read it. */
export interface CurrentConfig {
  readonly config: () => CompleteConfig;
  /** Verifies an access token that was issued for the gateway. */
  readonly identify: (token: string) => Promise<Principal | undefined>;
  /** Returns true if upstreams receive the credentials of callers. */
  readonly passesCredentials: () => boolean;
  /** Returns a text for the part of the shared cache that belongs to the configuration. */
  readonly space: () => string;
}

export interface LastingParts extends Pick<CurrentConfig, "passesCredentials" | "space"> {
  readonly options: ConfigOptions;
  readonly parking: Parking;
  /** The memory for responses of all upstreams. */
  readonly responses: ResponseBudget;
  /** Undefined for a gateway without sign-ins. */
  readonly signIns: SignIns | undefined;
  /** Returns the keys of a configuration, or those of this process for one without keys. */
  readonly keysOf: (config: CompleteConfig) => readonly SealKey[];
  /** Returns the keys of the current configuration. */
  readonly currentKeys: () => readonly SealKey[];
  /** Reports a failure in the background. */
  readonly warn: (message: string, cause?: unknown) => void;
  /** Reports an error whose cause is hidden from the client. */
  readonly report: (error: unknown) => void;
}

/** Creates the parts. */
export function createLastingParts(options: ConfigOptions, current: CurrentConfig): LastingParts {
  const { events, notice, signIn } = options;
  // No other process can open what these keys seal.
  const ownKeys = randomKeys();
  const keysOf = ({ keys }: CompleteConfig): readonly SealKey[] => keys ?? ownKeys;
  const currentKeys = () => keysOf(current.config());
  const sealer = currentSealer(currentKeys);
  const report = (error: unknown) => {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    notice(`a request failed: ${reason}`);
  };
  const warn = (message: string, cause?: unknown) => {
    const reason = cause instanceof Error ? `: ${cause.message}` : "";
    notice(`${message}${reason}`);
  };
  const { identify, passesCredentials, space } = current;
  return {
    options,
    responses: new ResponseBudget(current.config().responses, systemClock),
    parking: { sealer, relay: events && new ParkedRelay(events, report) },
    signIns:
      signIn && new SignIns({ ...signIn, sealer, keys: currentKeys, identify, onWarning: warn }),
    keysOf,
    currentKeys,
    warn,
    report,
    passesCredentials,
    space,
  };
}
