/** What all exchanges with the replicas of an upstream share, whichever way they go. */
import type { UpstreamConfig } from "../config/schema.ts";
import type { Clock } from "../replicas/clock.ts";
import type { ReplicaSet } from "../replicas/replica-set.ts";
import { Deadlines } from "./deadlines.ts";
import { Gate } from "./gate.ts";
import type { MethodRules } from "./method-rules.ts";
import { createRefusals, type Refusals } from "./refusals.ts";
import { shortestOf, type TimeLimits } from "./time-limits.ts";

export interface Fleet extends Refusals {
  readonly name: string;
  readonly clock: Clock;
  readonly replicas: ReplicaSet;
  readonly gate: Gate;
  readonly deadlines: Deadlines;
  readonly timeouts: TimeLimits;
  readonly rules: MethodRules;
  /** The most replicas that one request is tried at. */
  readonly maxAttempts: number;
}

export interface FleetInit {
  readonly name: string;
  readonly config: UpstreamConfig;
  readonly clock: Clock;
  readonly replicas: ReplicaSet;
  readonly rules: MethodRules;
}

export function createFleet({ name, config, clock, replicas, rules }: FleetInit): Fleet {
  const { concurrency, timeouts, retries } = config;
  return {
    ...createRefusals(name),
    name,
    clock,
    replicas,
    rules,
    timeouts,
    gate: new Gate(concurrency, clock),
    deadlines: new Deadlines(shortestOf(timeouts), clock),
    maxAttempts: retries.attempts,
  };
}
