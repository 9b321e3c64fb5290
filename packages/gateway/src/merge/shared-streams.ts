/**
 * The subscriptions to upstreams that feed those of clients. Clients whom an upstream can't tell apart,
 * and who ask for the same, share one.
 *
 * @spec basic/patterns/subscriptions
 */
import { keyedMeta, type NextStep, pauseBefore, type StreamEnd } from "lutra/internal";
import { canonicalJSON, isObject } from "lutra/protocol";
import { authorizationContext } from "../cache/authorization-context.ts";
import { withoutCaller } from "../cache/without-caller.ts";
import { sharedContext } from "../head/shared-request.ts";
import {
  defaultPace,
  type Following,
  type FollowOptions,
  followUpstream,
} from "./follow-upstream.ts";
import type { ReceivedRequest } from "./own-request.ts";

export class SharedStreams {
  readonly #options: FollowOptions;
  readonly #streams = new Map<string, SharedStream>();

  constructor(options: FollowOptions) {
    this.#options = options;
  }

  /** Follows the subscription until the signal aborts or `onEnd` returns `stop`. */
  follow(following: Following): void {
    if (following.signal.aborted) return;
    const key = keyOf(following);
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      const onUnused = () => this.#streams.delete(key);
      stream = new SharedStream(following, { ...this.#options, onUnused });
      this.#streams.set(key, stream);
    }
    stream.join(following);
  }
}

/**
 * Returns a text that is the same for subscriptions that an upstream answers alike: of one caller, with
 * the same filter and the same declarations.
 */
function keyOf({ upstream, received: { request, context }, filter }: Following): string {
  const meta = isObject(request.params?._meta) ? request.params._meta : {};
  const caller = authorizationContext(context) ?? null;
  return canonicalJSON([upstream.name, caller, { ...filter }, keyedMeta(meta)]);
}

interface DownState {
  readonly phase: "down";
  readonly end: StreamEnd;
  /** The time of the end, by `now`. */
  readonly since: number;
}

type State =
  | { readonly phase: "waiting" }
  | { readonly phase: "open"; readonly agreed: Acknowledgment }
  | DownState;

type Acknowledgment = Parameters<Following["onAcknowledged"]>;

interface SharedStreamOptions extends FollowOptions {
  /** Called when no client follows the stream any more. */
  readonly onUnused: () => void;
}

class SharedStream {
  readonly #shared: Pick<Following, "upstream" | "filter" | "received">;
  readonly #options: SharedStreamOptions;
  readonly #members = new Set<Following>();
  /** Undefined before the first stream. */
  #state: State | undefined;
  #controller = new AbortController();

  constructor({ upstream, filter, received }: Following, options: SharedStreamOptions) {
    this.#shared = { upstream, filter, received: withoutClient(received) };
    this.#options = options;
  }

  /** Adds a client, and notifies it of the state of the stream. */
  join(member: Following): void {
    this.#members.add(member);
    member.signal.addEventListener("abort", () => this.#leave(member), { once: true });
    const state = this.#state;
    if (state === undefined) this.#start();
    else if (state.phase === "open") member.onAcknowledged(...state.agreed);
    else if (state.phase === "down") this.#joinDown(member, state);
  }

  /**
   * Notifies a client of the end of the stream. Opens it again, ahead of the growing pauses, unless it has
   * only just ended.
   */
  #joinDown(member: Following, { end, since }: DownState): void {
    const { pace = defaultPace, now = () => performance.now() } = this.#options;
    this.#tell(member, end);
    const isDue = now() - since >= pauseBefore(end.error, pace.baseMs);
    if (isDue && this.#members.has(member)) this.#start();
  }

  #start(): void {
    this.#controller.abort();
    this.#controller = new AbortController();
    this.#state = { phase: "waiting" };
    void followUpstream(
      {
        ...this.#shared,
        signal: this.#controller.signal,
        onAcknowledged: (...agreed) => {
          this.#state = { phase: "open", agreed };
          for (const member of [...this.#members]) member.onAcknowledged(...agreed);
        },
        onNotification: (notification) => {
          for (const member of [...this.#members]) member.onNotification(notification);
        },
        onEnd: (end) => this.#onEnd(end),
      },
      this.#options,
    );
  }

  #onEnd(end: StreamEnd): NextStep {
    const { now = () => performance.now(), onWarning } = this.#options;
    this.#state = { phase: "down", end, since: now() };
    if (end.error !== undefined) {
      onWarning?.(`subscription: interrupted by ${this.#shared.upstream.name}`, end.error);
    }
    for (const member of [...this.#members]) this.#tell(member, end);
    return this.#members.size === 0 ? "stop" : "reopen";
  }

  #tell(member: Following, end: StreamEnd): void {
    if (member.onEnd(end) === "stop") this.#leave(member);
  }

  #leave(member: Following): void {
    if (!this.#members.delete(member) || this.#members.size > 0) return;
    this.#controller.abort();
    this.#options.onUnused();
  }
}

/** Returns a request without the parts of its client that are not in the key of the stream. */
function withoutClient({ request, context }: ReceivedRequest): ReceivedRequest {
  return { request: withoutCaller(request), context: sharedContext(context) };
}
