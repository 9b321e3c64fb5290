/** The messages between the supervisor of a gateway and its processes. */
import type { AddressInfo } from "node:net";
import type { OpenSubscription, RecentExchange } from "@lutra/console";
import type { JSONObject, JSONRPCRequest, Principal, Result } from "lutra/protocol";
import type { ListedResponse, RateDecision } from "lutra/stores";
import type { MetricValues } from "../admin/metrics.ts";
import type { Readiness } from "../admin/readiness.ts";
import type { ResponseCaching } from "../cache/response-caching.ts";
import type { ConsoleSettings } from "../console/console-settings.ts";
import type { EraCounted } from "../eras/era-table.ts";
import type { LimitUseStats } from "../limits/limit-use.ts";
import type { ModuleSpec, RunningReplica } from "../upstreams/module-upstream.ts";
import type { UpstreamStatus } from "../upstreams/upstream.ts";
import type { ConfigMessage } from "./config-message.ts";

interface Message<Value, Answer = void> {
  readonly value: Value;
  readonly answer: Answer;
}

/** The first message to a process. It contains secrets, which arguments would show to all users. */
export interface Start {
  readonly config: ConfigMessage;
  /** The addresses of the listening sockets, which the supervisor has. */
  readonly addresses: readonly (AddressInfo | string)[];
  /** The key with which the replicas of modules verify the principals that a process passes on. */
  readonly principalKey: string;
  /** The settings of the console of the supervisor. Undefined if it is off. */
  readonly console: ConsoleSettings | undefined;
  /** The argument of the program, such as its options. */
  readonly argument: unknown;
}

/** The state of the gateway in one process. */
export interface ProcessState {
  readonly upstreams: readonly UpstreamStatus[];
  /** The upstreams whose replicas can be taken out of service. */
  readonly drainable: readonly string[];
  readonly readiness: Readiness;
  /** The state of the response cache. Undefined if the configuration disables it. */
  readonly cache: ReturnType<ResponseCaching["stats"]> | undefined;
}

/** The exchanges of a process that have ended since the last message. */
interface SentExchanges {
  readonly exchanges: readonly RecentExchange[];
  /** Number of exchanges that were left out. */
  readonly missed: number;
  readonly subscriptions: readonly OpenSubscription[];
}

/** A limit, and the key of a request. */
interface LimitedKey {
  /** The name of the limit, which is the same in all processes. */
  readonly name: string;
  readonly key: string;
}

/** The messages by name, with their answers. */
interface Messages {
  // From the supervisor.
  readonly start: Message<Start>;
  /** A process that runs answers at once. */
  readonly ping: Message<undefined>;
  readonly connection: Message<{ readonly id: number; readonly place: number }>;
  /** No further connections follow. */
  readonly lastConnection: Message<undefined>;
  readonly prepare: Message<ConfigMessage>;
  readonly apply: Message<undefined>;
  /** Returns to the configuration before `apply`. */
  readonly restore: Message<undefined>;
  readonly ready: Message<{ readonly names: readonly string[] | undefined }, boolean>;
  readonly state: Message<undefined, ProcessState>;
  readonly metrics: Message<undefined, readonly MetricValues[]>;
  readonly eras: Message<undefined, EraCounted>;
  readonly setDrained: Message<
    { readonly upstream: string; readonly replica: string; readonly isDrained: boolean },
    boolean
  >;
  readonly evict: Message<Parameters<ResponseCaching["evict"]>[0]>;
  /** The value is the maximum number of responses. */
  readonly cached: Message<number, readonly ListedResponse[]>;
  readonly limitUses: Message<undefined, readonly LimitUseStats[]>;
  /** A request of the supervisor to an upstream. */
  readonly ownRequest: Message<
    { readonly request: JSONRPCRequest; readonly principal: Principal | undefined } & {
      readonly upstream: string;
    },
    Result
  >;
  readonly close: Message<undefined>;
  readonly replicaReady: Message<{
    readonly module: number;
    readonly replica: RunningReplica;
    readonly token: number;
  }>;
  readonly replicaGone: Message<{ readonly module: number; readonly token: number }>;

  // From a process.
  readonly taken: Message<{ readonly id: number; readonly open: number }>;
  readonly openConnections: Message<number>;
  readonly notice: Message<string>;
  readonly log: Message<string>;
  readonly lostLines: Message<number>;
  readonly exchanges: Message<SentExchanges>;
  /** The number of exchanges that closing waits for. */
  readonly draining: Message<number>;
  readonly rate: Message<
    LimitedKey & { readonly requests: number; readonly perMs: number; readonly cost: number },
    RateDecision
  >;
  /** The answer is the number of the slot, or undefined if none is free. */
  readonly enter: Message<LimitedKey & { readonly max: number }, number | undefined>;
  readonly leave: Message<number>;
  readonly claim: Message<{ readonly id: string; readonly ttlMs: number }, boolean>;
  /** Starts a module, or uses one that runs already. The answer is its number. */
  readonly runModule: Message<Omit<ModuleSpec, "onReady">, number>;
  readonly moduleReady: Message<number>;
  readonly drainModule: Message<number>;
  readonly stopModule: Message<number>;

  // In both directions.
  readonly event: Message<{ readonly topic: string; readonly event: JSONObject }>;
}

export type MessageName = keyof Messages;
export type Value<Name extends MessageName> = Messages[Name]["value"];
export type Answer<Name extends MessageName> = Messages[Name]["answer"];
