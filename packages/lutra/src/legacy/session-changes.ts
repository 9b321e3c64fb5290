/**
 * The parts of a session that change after `initialize`: its log level, its resource subscriptions
 * and its end. Each replica receives a change over the event bus; a replica that starts later reads it
 * from the shared store, if there is one.
 */
import { isObject, type JSONObject, type JSONValue } from "../protocol/json.ts";
import { isLoggingLevel, type LoggingLevel } from "../protocol/logging.ts";
import { BoundedMap } from "../stores/bounded-map.ts";
import type { HandleStore } from "../stores/handle-store.ts";
import { waitWithTimer } from "../stores/timer.ts";
import type { Channel } from "./channel.ts";
import type { Session } from "./session.ts";

/** The changes of one session so far. */
export interface Changes {
  readonly level?: LoggingLevel;
  /** URIs of the resources whose updates the client has subscribed to. */
  readonly uris?: readonly string[];
  readonly hasEnded?: boolean;
}

/**
 * One change. It can be applied to any state of the session, and twice, so replicas that learn of
 * changes in a different order end with the same subscriptions.
 */
export interface Change {
  readonly level?: LoggingLevel;
  /** The resource to subscribe to. */
  readonly follow?: string;
  /** The resource whose subscription ends. */
  readonly unfollow?: string;
  readonly hasEnded?: boolean;
}

/** A change that was made here, as other replicas get it. */
interface Sent {
  readonly key: string;
  readonly change: Change;
  /** The time of the change, in milliseconds since 1970. */
  readonly at: number;
}

/** A read of the store, and the changes that arrived meanwhile. */
interface Loading {
  readonly missed: Change[];
  readonly changes: Promise<Changes>;
}

/** Maximum number of resource subscriptions of a session. */
export const maxSubscribedResources = 1000;
/** Maximum length of the URIs of these resources, in characters. */
export const maxSubscribedLength = 262_144;
/** Maximum number of changed sessions that a replica remembers when no store does. */
const maxChangedSessions = 100_000;
/** Maximum number of sessions whose state in the store is remembered. */
const maxReadSessions = 10_000;
/** Maximum length of the URIs that are remembered for all sessions, in characters. */
const maxChangedLength = 33_554_432;
/** Maximum number of ended sessions that a replica remembers. */
const maxEndedSessions = 100_000;
/** Maximum number of changes that replicas get again after a gap. */
const maxRecent = 10_000;
/** Maximum length of their URIs, in characters. */
const maxRecentLength = 8_388_608;
/** Maximum age of these changes, in milliseconds. */
const maxRecentMs = 300_000;
/** Time in which the gaps of several replicas count as one, in milliseconds. */
const gatherMs = 200;
/** Maximum number of writes of one change, when other replicas write the same session. */
const maxWrites = 5;

const scope = "lutra legacy session";
const kind = "changes";
const none: Changes = Object.freeze({});
const ended: Changes = Object.freeze({ hasEnded: true });

export class SessionChanges {
  readonly #channel: Channel;
  readonly #store: HandleStore;
  readonly #known: BoundedMap<string, Changes>;
  /** Separate from the other changes, so that these do not evict them. */
  readonly #ended = new BoundedMap<string, true>({ maxEntries: maxEndedSessions });
  readonly #loading = new Map<string, Loading>();
  /** The newest own change of each part of a session, for replicas that have missed it. */
  readonly #recent = new BoundedMap<string, Sent>({
    maxEntries: maxRecent,
    maxWeight: maxRecentLength,
    weightOf: ({ change: { follow = "", unfollow = "" } }) => follow.length + unfollow.length,
  });
  #isSendingAgain = false;
  #listener: (key: string) => void = () => {};

  constructor(channel: Channel, store: HandleStore) {
    this.#channel = channel;
    this.#store = store;
    this.#known = new BoundedMap({
      maxEntries: store.isShared ? maxReadSessions : maxChangedSessions,
      maxWeight: maxChangedLength,
      weightOf: ({ uris = [] }) => lengthOf(uris),
    });
    channel.on(kind, ({ key, change, missedAt }) => {
      if (typeof key !== "string" || !isObject(change)) return;
      this.#receive(key, parseChange(change), missedAt);
    });
    channel.onMissed(() => void this.#sendAgain());
  }

  /** Sets the listener for changes, also those of other replicas. */
  onChange(listener: (key: string) => void): void {
    this.#listener = listener;
  }

  /** Returns the changes of a session. Reads the store once for each session, if it is shared. */
  of({ key }: Pick<Session, "key">): Changes | Promise<Changes> {
    if (this.#ended.has(key)) return ended;
    const known = this.#known.get(key);
    if (known !== undefined || !this.#store.isShared) return known ?? none;
    return (this.#loading.get(key) ?? this.#load(key)).changes;
  }

  /** Changes a session on all replicas. */
  async change(session: Session, change: Change): Promise<void> {
    const { key } = session;
    // First the store: a replica that misses the message finds the change there.
    if (this.#store.isShared) await this.#write(session, change);
    this.#apply(key, change);
    // A replica that misses the message reads the store, or gets the change again.
    if (!this.#store.isShared) {
      this.#recent.set(partOf(key, change), { key, change, at: Date.now() });
    }
    await this.#channel.send(kind, { key, change: change as JSONObject });
  }

  /** Reads the store again, since messages may have been lost. Without a store, replicas send them again. */
  forget(): void {
    if (!this.#store.isShared) return;
    this.#known.clear();
    this.#loading.clear();
  }

  /**
   * Accepts a change of another replica.
   *
   * @param missedAt The time of a change that is sent again. It does not replace a newer one.
   */
  #receive(key: string, change: Change, missedAt: unknown): void {
    const part = partOf(key, change);
    const { at = Number.NEGATIVE_INFINITY } = this.#recent.get(part) ?? {};
    if (typeof missedAt === "number" && missedAt <= at) return;
    this.#recent.delete(part);
    this.#apply(key, change);
  }

  /** Sends the recent changes again, once for the gaps of several replicas. */
  async #sendAgain(): Promise<void> {
    if (this.#isSendingAgain) return;
    this.#isSendingAgain = true;
    await waitWithTimer(gatherMs, new AbortController().signal);
    this.#isSendingAgain = false;
    const oldestAt = Date.now() - maxRecentMs;
    for (const [part, { key, change, at }] of [...this.#recent]) {
      if (at < oldestAt) this.#recent.delete(part);
      else void this.#channel.send(kind, { key, change: change as JSONObject, missedAt: at });
    }
  }

  #apply(key: string, change: Change): void {
    this.#loading.get(key)?.missed.push(change);
    if (change.hasEnded) {
      this.#ended.set(key, true);
      this.#known.delete(key);
    } else {
      const known = this.#known.get(key);
      // An unknown session is read from the store with its next request.
      if (known !== undefined || !this.#store.isShared) {
        this.#known.set(key, applied(known ?? none, change));
      }
    }
    this.#listener(key);
  }

  #load(key: string): Loading {
    const missed: Change[] = [];
    const loading = { missed, changes: this.#read(key, missed) };
    this.#loading.set(key, loading);
    return loading;
  }

  async #read(key: string, missed: readonly Change[]): Promise<Changes> {
    try {
      const stored = await this.#store.get(scope, key);
      const changes = missed.reduce(applied, parseChanges(stored?.value));
      if (changes.hasEnded) this.#ended.set(key, true);
      else if (this.#loading.get(key)?.missed === missed) this.#known.set(key, changes);
      return changes;
    } finally {
      if (this.#loading.get(key)?.missed === missed) this.#loading.delete(key);
    }
  }

  /** Applies the change to the stored value, which another replica may write at the same time. */
  async #write({ key, expiresAt }: Session, change: Change): Promise<void> {
    for (let attempt = 1; attempt <= maxWrites; attempt += 1) {
      const stored = await this.#store.get(scope, key);
      const value = applied(parseChanges(stored?.value), change) as JSONValue;
      const next = { scope, id: key, version: (stored?.version ?? 0) + 1, expiresAt, value };
      if (stored !== undefined) {
        if (await this.#store.replace(next)) return;
      } else if (await created(this.#store, next)) return;
    }
    throw new Error("the store did not accept the change of a session; other replicas change it");
  }
}

/** Returns a name for the part of a session that a change concerns. */
function partOf(key: string, { level, follow = "", unfollow = follow, hasEnded }: Change): string {
  const part = hasEnded ? "end" : level === undefined ? `resource ${unfollow}` : "level";
  return `${key} ${part}`;
}

/** Returns true when a session can subscribe to one more resource. */
export function canFollow({ uris = [] }: Changes, uri: string): boolean {
  const length = lengthOf(uris) + uri.length;
  return uris.length < maxSubscribedResources && length <= maxSubscribedLength;
}

function applied(before: Changes, { level, follow, unfollow, hasEnded }: Change): Changes {
  // The end is final, whichever change arrives last.
  if (hasEnded || before.hasEnded) return ended;
  const { uris = [] } = before;
  const isNew = follow !== undefined && !uris.includes(follow) && canFollow(before, follow);
  const added = isNew ? [...uris, follow] : uris;
  return {
    ...before,
    ...(level && { level }),
    uris: unfollow === undefined ? added : added.filter((uri) => uri !== unfollow),
  };
}

/** Creates a value. Resolves to false when another replica has created it. */
async function created(
  store: HandleStore,
  handle: Parameters<HandleStore["create"]>[0],
): Promise<boolean> {
  try {
    await store.create(handle);
    return true;
  } catch (thrown) {
    if ((await store.get(handle.scope, handle.id)) === undefined) throw thrown;
    return false;
  }
}

function lengthOf(uris: readonly string[]): number {
  return uris.reduce((length, uri) => length + uri.length, 0);
}

function parseChanges(value: unknown): Changes {
  if (!isObject(value)) return none;
  const { level, uris, hasEnded } = value;
  if (hasEnded === true) return ended;
  return {
    ...(isLoggingLevel(level) && { level }),
    ...(Array.isArray(uris) && { uris: uris.filter((uri) => typeof uri === "string") }),
  };
}

function parseChange({ level, follow, unfollow, hasEnded }: JSONObject): Change {
  return {
    ...(isLoggingLevel(level) && { level }),
    ...(typeof follow === "string" && { follow }),
    ...(typeof unfollow === "string" && { unfollow }),
    ...(hasEnded === true && { hasEnded }),
  };
}
