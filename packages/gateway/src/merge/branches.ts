/** The streams to upstreams that feed one subscription of a client. */
import type { StreamEnd } from "lutra/internal";
import {
  isProtocolError,
  type JSONRPCNotification,
  type ProtocolError,
  type SubscriptionFilter,
} from "lutra/protocol";
import { UpstreamError } from "../delivery/upstream-error.ts";
import type { Upstream } from "../upstreams/upstream.ts";
import { upstreamErrorOf } from "./merge-errors.ts";

/** The share of one upstream in a subscription. */
export interface Branch {
  readonly upstream: Upstream;
  /** The filter for the upstream, with the upstream's own names. */
  readonly filter: SubscriptionFilter;
  /** Translates the filter that the upstream agreed to into the client's names. */
  readonly agreed: (filter: SubscriptionFilter) => SubscriptionFilter;
  /** Translates a notification; returns `undefined` for one that is not for the client. */
  readonly translate: (notification: JSONRPCNotification) => JSONRPCNotification | undefined;
}

/**
 * The phases of a branch:
 *
 * - `waiting`: the upstream has not answered
 * - `open`: the upstream has acknowledged, and its stream is running
 * - `down`: the stream has ended, and may be opened again
 */
type Phase = "waiting" | "open" | "down";

interface BranchState {
  phase: Phase;
  /**
   * The end of the latest stream that lasted for `returnMs`, or of the first stream if none did.
   * Streams that ended with an error do not count. -Infinity after an error that forbids reopening.
   * Undefined before the first end.
   */
  endedSince: number | undefined;
}

export interface BranchesOptions {
  /** Duration from which a stream counts as lasting, in milliseconds. */
  readonly returnMs: number;
  readonly now: () => number;
}

/** The branches of a subscription, their phases, and the answers of their upstreams. */
export class Branches {
  readonly all: readonly Branch[];
  readonly #options: BranchesOptions;
  readonly #states = new Map<Branch, BranchState>();
  /** The filters that upstreams agreed to, in the order of the acknowledgments. */
  readonly #agreed = new Map<Branch, SubscriptionFilter>();
  /** The latest error of each upstream since its last acknowledgment. */
  readonly #errors = new Map<Branch, unknown>();

  constructor(all: readonly Branch[], options: BranchesOptions) {
    this.all = all;
    this.#options = options;
    for (const branch of all) this.#states.set(branch, { phase: "waiting", endedSince: undefined });
  }

  /** True when every upstream has answered. */
  get haveAnswered(): boolean {
    return [...this.#states.values()].every(({ phase }) => phase !== "waiting");
  }

  /** True when all streams are down, each with an `endedSince` at least `returnMs` ago. */
  get haveEnded(): boolean {
    const { now, returnMs } = this.#options;
    return [...this.#states.values()].every(
      ({ phase, endedSince = now() }) => phase === "down" && now() - endedSince >= returnMs,
    );
  }

  /** The filters that upstreams agreed to, with the client's names. */
  get agreed(): readonly SubscriptionFilter[] {
    return [...this.#agreed.values()];
  }

  agreedBy(branch: Branch): SubscriptionFilter {
    return this.#agreed.get(branch) ?? {};
  }

  /** Records that an upstream has acknowledged. */
  acknowledge(branch: Branch, agreed: SubscriptionFilter): void {
    this.#stateOf(branch).phase = "open";
    this.#agreed.set(branch, agreed);
    this.#errors.delete(branch);
  }

  /** Records the end of a stream. */
  end(branch: Branch, { error, lastedMs, mayReopen }: StreamEnd): void {
    const { now, returnMs } = this.#options;
    const state = this.#stateOf(branch);
    state.phase = "down";
    if (error === undefined) {
      if (lastedMs >= returnMs) state.endedSince = undefined;
      state.endedSince ??= now();
      return;
    }
    this.#errors.set(branch, error);
    if (!mayReopen) state.endedSince = Number.NEGATIVE_INFINITY;
  }

  /**
   * Returns the reason why the subscription can't start: no upstream agreed to anything, or one
   * requires a capability that the client has to declare.
   */
  failure(): ProtocolError | undefined {
    const refusals = [...this.#errors.values()].filter(isProtocolError);
    const needed = refusals.find(({ reason }) => reason === "missingRequiredClientCapability");
    const [first] = this.all;
    if (needed !== undefined || first === undefined || this.#agreed.size > 0) return needed;
    for (const [{ upstream }, error] of this.#errors) return upstreamErrorOf(upstream.name, error);
    return new UpstreamError("timeout", first.upstream.name, "The upstream is too slow");
  }

  #stateOf(branch: Branch): BranchState {
    return this.#states.get(branch) as BranchState;
  }
}
