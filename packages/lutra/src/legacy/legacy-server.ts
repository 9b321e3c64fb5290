/**
 * A server for clients of the legacy revisions, independent of the transport. It keeps no sessions:
 * see `session.ts`.
 */

import { cancelledRequestId } from "../protocol/cancellation.ts";
import { isThenable } from "../protocol/chain.ts";
import { invalidParams, type ProtocolError } from "../protocol/errors.ts";
import type { RequestContext, Serve } from "../protocol/exchange.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { JSONRPCNotification, JSONRPCRequest, Result } from "../protocol/json-rpc.ts";
import { isLoggingLevel, type LoggingLevel } from "../protocol/logging.ts";
import { requireString } from "../protocol/method.ts";
import { resourceNotFound } from "../protocol/resources.ts";
import { createSealer, randomKeys, type Sealer } from "../server/seal.ts";
import type { SessionState } from "../server/session-state.ts";
import { createMemoryEventBus } from "../stores/memory-event-bus.ts";
import { createMemoryHandleStore } from "../stores/memory-handle-store.ts";
import { delay } from "../time/backoff.ts";
import { CallContext, type Cancellation, contextOf, type RequestSource } from "./call-context.ts";
import { ChangeFeed, type FeedOptions, followsLast } from "./change-feed.ts";
import { Channel } from "./channel.ts";
import { initialize } from "./initialize.ts";
import type { LiveRequest } from "./legacy-input.ts";
import { OpenCalls } from "./open-calls.ts";
import { PendingAnswers } from "./pending-answers.ts";
import { type LegacyCall, serveLegacy } from "./serve-legacy.ts";
import { type Session, SessionTokens } from "./session.ts";
import {
  canFollow,
  maxSubscribedLength,
  maxSubscribedResources,
  SessionChanges,
} from "./session-changes.ts";

export const pingMethod = "ping";

/** The part of a server that legacy clients need. */
export interface ServedLegacy {
  readonly serve: Serve;
  /** @default the state of this process, for a server that is served by one process */
  readonly sessions?: SessionState | undefined;
}

export interface LegacyServerOptions {
  /** The legacy versions that are served, the newest first. */
  readonly versions: readonly string[];
  /** Time after which a session ends, in milliseconds. @default 604800000 (7 days) */
  readonly sessionTtlMs?: number | undefined;
  readonly onError: (error: unknown) => void;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: (() => number) | undefined;
}

/** The connection on which a request of a session arrived. */
export interface Link {
  readonly source: RequestSource;
  readonly notify: RequestContext["notify"];
  /** Sends a request to the client, or a notification that concerns one. */
  readonly send: (message: JSONObject | JSONRPCNotification) => unknown;
  /** Cancels the request, also when its client has disconnected permanently. */
  readonly cancellation: Cancellation;
}

/** The log level of sessions that have not set one. @spec 2025-11-25/server/utilities/logging */
const defaultLevel: LoggingLevel = "info";
const defaultSessionTtlMs = 604_800_000;
/** Maximum time that a subscription waits until its stream announces updates, in milliseconds. */
const agreeMs = 2000;

export class LegacyServer {
  readonly versions: readonly string[];
  readonly tokens: SessionTokens;
  readonly changes: SessionChanges;
  readonly answers: PendingAnswers;
  readonly channel: Channel;
  readonly sealer: () => Sealer;
  readonly #calls: OpenCalls;
  readonly #serve: Serve;
  readonly #options: LegacyServerOptions;
  readonly #now: () => number;
  /** The stream for the changes of each session that has one here. */
  readonly #feeds = new Map<string, OpenFeed>();

  constructor(server: ServedLegacy, options: LegacyServerOptions) {
    const sessions = server.sessions ?? stateOfProcess();
    this.#serve = server.serve;
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.versions = options.versions;
    this.tokens = new SessionTokens(sessions.sealer, this.#now);
    const channel = new Channel(sessions.events, options.onError);
    this.changes = new SessionChanges(channel, sessions.handles);
    this.answers = new PendingAnswers(channel);
    this.#calls = new OpenCalls(channel);
    this.channel = channel;
    this.sealer = sessions.sealer;
    this.changes.onChange((key) => void this.#changed(key));
    channel.on("feed", ({ key }) => this.#feeds.get(String(key))?.end());
    channel.onGap(() => {
      this.changes.forget();
      for (const key of [...this.#feeds.keys(), ...this.#calls.keys()]) void this.#changed(key);
    });
  }

  /** Opens a session for an `initialize` request. */
  open(
    request: JSONRPCRequest,
    context: Pick<RequestContext, "principal" | "address" | "signal">,
  ): Promise<{ readonly session: Session; readonly result: Result }> {
    const { sessionTtlMs = defaultSessionTtlMs } = this.#options;
    const expiresAt = this.#now() + sessionTtlMs;
    return initialize(request, { serve: this.#serve, context, versions: this.versions, expiresAt });
  }

  /** Serves a request of a session. */
  async serve(request: JSONRPCRequest, session: Session, link: Link): Promise<Result> {
    const own = sessionMethods.get(request.method);
    if (own !== undefined) return own(this, { params: request.params ?? {}, session, link });
    const { key } = session;
    const { cancellation } = link;
    this.#calls.open(key, request.id, cancellation);
    try {
      const found = this.changes.of(session);
      const { level = defaultLevel } = isThenable(found) ? await found : found;
      const call = new ServedCall(session, level, { link, answers: this.answers });
      return await serveLegacy(this.#serve, request, call);
    } finally {
      this.#calls.close(key, request.id, cancellation);
    }
  }

  /** Handles a notification of a client. Those without an effect on a server are ignored. */
  accept(notification: JSONRPCNotification, session: Session): void {
    const id = cancelledRequestId(notification);
    if (id !== undefined) this.#calls.cancel(session.key, id);
  }

  /** Ends a session on all replicas. */
  end(session: Session): Promise<void> {
    return this.changes.change(session, { hasEnded: true });
  }

  /**
   * Sends the changes that concern a session until the returned function is called. A newer feed of
   * the session ends an older one, at whichever replica it is.
   *
   * @spec 2025-11-25/basic/transports#multiple-connections
   */
  async feed(session: Session, { onEnd, ...options }: SessionFeedOptions): Promise<() => void> {
    const { key } = session;
    const { uris, hasEnded } = await this.changes.of(session);
    if (hasEnded) {
      onEnd();
      return () => {};
    }
    const end = () => {
      close();
      onEnd();
    };
    const source = { serve: this.#serve, session, ...options };
    const open: OpenFeed = { changes: new ChangeFeed({ ...source, onEnd: end }, uris), end };
    const close = () => {
      open.changes.close();
      if (this.#feeds.get(key) === open) this.#feeds.delete(key);
    };
    this.#feeds.get(key)?.end();
    this.#feeds.set(key, open);
    void this.channel.send("feed", { key });
    return close;
  }

  /** Subscribes a session to a resource. */
  async subscribe(uri: string, session: Session, { source }: Link): Promise<void> {
    const changes = await this.changes.of(session);
    const { uris = [] } = changes;
    if (uris.includes(uri)) return;
    if (!canFollow(changes, uri)) throw tooManySubscriptions();
    const asked = { serve: this.#serve, session, context: contextOf(source) };
    if (!(await followsLast(asked, [...uris, uri]))) throw resourceNotFound(uri);
    await this.changes.change(session, { follow: uri });
    // A change right after the response must reach the client, if its stream is here.
    await this.#changed(session.key);
    const feed = this.#feeds.get(session.key);
    if (feed !== undefined) await settledWithin(agreeMs, feed.changes.agreed);
  }

  /** Ends the subscription of a session to a resource. */
  async unsubscribe(uri: string, session: Session): Promise<void> {
    const { uris = [] } = await this.changes.of(session);
    if (uris.includes(uri)) await this.changes.change(session, { unfollow: uri });
  }

  /** Accepts an event of another replica. */
  receive(event: JSONObject): void {
    this.channel.receive(event);
  }

  /** Reports an error that no client receives. */
  report(thrown: unknown): void {
    this.#options.onError(thrown);
  }

  /** Brings the calls and the stream of a session up to date. */
  async #changed(key: string): Promise<void> {
    if (!this.#feeds.has(key) && !this.#calls.has(key)) return;
    try {
      const { uris, hasEnded } = await this.changes.of({ key });
      if (hasEnded) this.#calls.endSession(key);
      const feed = this.#feeds.get(key);
      if (hasEnded) feed?.end();
      else feed?.changes.follow(uris);
    } catch (thrown) {
      this.report(thrown);
    }
  }
}

/** One request of a session. */
class ServedCall implements LegacyCall {
  readonly session: Session;
  readonly level: LoggingLevel;
  readonly #link: Link;
  readonly #answers: PendingAnswers;

  constructor(
    session: Session,
    level: LoggingLevel,
    { link, answers }: { readonly link: Link; readonly answers: PendingAnswers },
  ) {
    this.session = session;
    this.level = level;
    this.#link = link;
    this.#answers = answers;
  }

  notify(notification: JSONRPCNotification): void | Promise<void> {
    return this.#link.notify(notification);
  }

  contextFor(notify: RequestContext["notify"]): RequestContext {
    const { source, cancellation } = this.#link;
    return new CallContext(source, { notify, cancellation });
  }

  ask(request: LiveRequest): Promise<unknown> {
    const link = this.#link;
    const { signal } = link.cancellation;
    const send: Link["send"] = (message) => link.send(message);
    return this.#answers.ask(this.session.key, request, { send, signal });
  }
}

/** The options of the stream for the changes of a session. */
type SessionFeedOptions = Omit<FeedOptions, "serve" | "session">;

interface OpenFeed {
  readonly changes: ChangeFeed;
  readonly end: () => void;
}

function tooManySubscriptions(): ProtocolError {
  return invalidParams(
    `params.uri: expected at most ${maxSubscribedResources} subscriptions in a session, of ` +
      `${maxSubscribedLength} characters; end one with resources/unsubscribe`,
  );
}

interface SessionCall {
  readonly params: JSONObject;
  readonly session: Session;
  readonly link: Link;
}

type SessionMethod = (server: LegacyServer, call: SessionCall) => Promise<Result>;

/** The methods that concern the session itself, and that the current revision does not have. */
const sessionMethods: ReadonlyMap<string, SessionMethod> = new Map<string, SessionMethod>([
  [pingMethod, async () => ({})],
  [
    "logging/setLevel",
    async (server, { params: { level }, session }) => {
      if (!isLoggingLevel(level))
        throw invalidParams("params.level: expected a level such as info");
      await server.changes.change(session, { level });
      return {};
    },
  ],
  [
    "resources/subscribe",
    async (server, { params, session, link }) => {
      await server.subscribe(requireString(params, "uri"), session, link);
      return {};
    },
  ],
  [
    "resources/unsubscribe",
    async (server, { params, session }) => {
      await server.unsubscribe(requireString(params, "uri"), session);
      return {};
    },
  ],
]);

/** Creates the state of a server that one process serves. */
function stateOfProcess(): SessionState {
  let sealer: Sealer | undefined;
  return {
    sealer: () => {
      sealer ??= createSealer(randomKeys());
      return sealer;
    },
    events: createMemoryEventBus(),
    handles: createMemoryHandleStore({}),
  };
}

/** Waits until a promise resolves, for a limited time, in milliseconds. */
async function settledWithin(ms: number, promise: Promise<void>): Promise<void> {
  const controller = new AbortController();
  void promise.then(() => controller.abort());
  await delay(ms, controller.signal).catch(() => {});
}
