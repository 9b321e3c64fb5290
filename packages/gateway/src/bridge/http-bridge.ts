/**
 * The exchanges with an upstream over HTTP that may be a legacy one. Requests to a replica of the
 * current revision are left to the transport for it; those to a legacy one go into sessions.
 *
 * @spec basic/transports/streamable-http#backward-compatibility
 */
import { hash } from "node:crypto";
import { type Bounds, within } from "lutra/internal";
import {
  isTransportError,
  type JSONRPCRequest,
  latestVersion,
  type RequestContext,
  type Result,
  TransportError,
} from "lutra/protocol";
import type { UpstreamConfig } from "../config/schema.ts";
import type { Message, MessageExchange, StartExchange } from "../delivery/deliver-message.ts";
import type { Spliced, SplicedRoute } from "../delivery/deliver-spliced.ts";
import { exchangeOver } from "../delivery/exchange-over.ts";
import { carriedToken } from "../delivery/own-token.ts";
import type { ResponseBudget } from "../delivery/response-budget.ts";
import { refusalBy } from "../delivery/response-status.ts";
import { byName } from "../head/by-name.ts";
import { mayIdentify } from "../head/known-headers.ts";
import { type Clock, systemClock } from "../replicas/clock.ts";
import type { Replica } from "../replicas/replica.ts";
import type { Checked } from "../replicas/send-check.ts";
import { eraNotice, mayBeLegacy } from "./era-in-words.ts";
import { HttpSession } from "./http-session.ts";
import { ownParking, type Parking } from "./parking.ts";
import { type PassedMessage, passedRoute, type StartedCall } from "./passed-route.ts";
import { ReplicaEra } from "./replica-era.ts";
import { UpstreamSessions } from "./upstream-sessions.ts";

/** Maximum time that requests wait for the first health check, in milliseconds. */
const firstCheckMs = 1000;
/** Maximum number of sessions, unless it is configured. */
const maxSessions = 100;

type Headers = { readonly [name: string]: string };

interface HttpBridgeInit {
  /** Starts an exchange with a replica of the current revision. */
  readonly modern: StartExchange<Replica>;
  /** Returns the headers of a caller that are sent to the upstream. */
  readonly headers: (context: RequestContext) => Headers | undefined;
  readonly replicas: { readonly all: readonly Replica[] };
  /** The memory for responses. */
  readonly responses: ResponseBudget;
  /** @default the real time */
  readonly clock?: Clock | undefined;
  /** @default only this process continues the calls that it holds */
  readonly parking?: Parking | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** Creates the bridge of an upstream. Returns undefined for one that speaks the current revision. */
export function createHttpBridge(
  name: string,
  config: UpstreamConfig,
  { clock = systemClock, parking = ownParking(), onWarning = () => {}, ...init }: HttpBridgeInit,
): HttpBridge | undefined {
  if (!mayBeLegacy(config)) return undefined;
  const onEra = (speaks: string) => onWarning(eraNotice(name, speaks));
  return new HttpBridge({ ...init, name, config, clock, parking, onEra });
}

interface HttpBridgeOptions
  extends Pick<HttpBridgeInit, "modern" | "headers" | "replicas" | "responses"> {
  /** The name of the upstream. */
  readonly name: string;
  readonly config: UpstreamConfig;
  readonly clock: Clock;
  readonly parking: Parking;
  /** Called when the revision of a replica becomes known, or changes. */
  readonly onEra: (speaks: string) => void;
}

/** The bridge of one upstream. */
export class HttpBridge {
  readonly #options: HttpBridgeOptions;
  readonly #eras = new WeakMap<Replica, ReplicaEra>();
  readonly #sessions: UpstreamSessions<Replica, HttpSession>;
  #mustServe = true;
  /** Resolves when the first health check has ended. Undefined from then on. */
  #firstCheck: Promise<void> | undefined;
  readonly #checkEnded: () => void;

  constructor(options: HttpBridgeOptions) {
    const { name, config, clock, parking, responses } = options;
    const { max = maxSessions, idleMs, inputWaitMs } = config.sessions;
    const headers = (context: RequestContext) => this.#identityOf(context);
    this.#options = options;
    let onEnd = () => {};
    this.#firstCheck = new Promise((resolve) => {
      onEnd = resolve;
    });
    const stopTimer = clock.after(firstCheckMs, () => this.#checkEnded());
    this.#checkEnded = () => {
      if (this.#firstCheck === undefined) return;
      this.#firstCheck = undefined;
      stopTimer();
      onEnd();
    };
    this.#sessions = new UpstreamSessions<Replica, HttpSession>({
      name,
      clock,
      parking,
      max,
      idleMs,
      inputWaitMs,
      headers,
      hasListHints: config.lists !== undefined,
      create: (replica) =>
        new HttpSession({
          replica,
          era: this.#eraOf(replica),
          setting: config.era,
          inputWaitMs,
          responses,
          headersOf: (context) => this.#headersOf(context),
        }),
    });
  }

  /** True while a request may reach a legacy replica, which must not get it unread. */
  get mustServe(): boolean {
    return this.#mustServe;
  }

  /** Starts one attempt. */
  readonly exchange: StartExchange<Replica> = (replica, message) => {
    const { current } = this.#eraOf(replica);
    if (current === "modern") return this.#options.modern(replica, message);
    return current === "legacy"
      ? this.#exchangeInSession(replica, message)
      : this.#exchangeOnceKnown(replica, message);
  };

  /** Returns the replica of the caller's session, if it is still in service. */
  readonly preferred = (request: JSONRPCRequest, context: RequestContext): Replica | undefined => {
    if (this.#sessions.isEmpty) return undefined;
    const replica = this.#sessions.find(this.#sessions.ownerOf(request, context))?.replica;
    const isThere = replica !== undefined && this.#options.replicas.all.includes(replica);
    return isThere && !replica.isDrained && replica.health.state !== "out" ? replica : undefined;
  };

  /** Returns the way of a request into the session of its caller. Undefined if it must be parsed. */
  route(spliced: Spliced): SplicedRoute | undefined {
    const { name, responses } = this.#options;
    return passedRoute(spliced, {
      responses,
      preferred: ({ request, context }) => this.preferred(request, context),
      start: (message, replica, onEvent) => this.#pass(message, replica, onEvent),
      explain: (error) => refusalOf(name, error) ?? error,
    });
  }

  /** Resolves when the first health check has ended. Returns undefined from then on. */
  untilKnown(): Promise<void> | undefined {
    return this.#firstCheck;
  }

  /** Called when a health check has ended, whatever its outcome. */
  checkEnded(): void {
    this.#checkEnded();
  }

  /** Takes the outcome of a health check. */
  readonly checked = (replica: Replica, outcome: Checked): void => {
    this.#eraOf(replica).checked(outcome);
  };

  close(): Promise<void> {
    return this.#sessions.close();
  }

  #eraOf(replica: Replica): ReplicaEra {
    let era = this.#eras.get(replica);
    if (era === undefined) {
      const isFixed = this.#options.config.era !== "auto";
      era = new ReplicaEra(isFixed, () => this.#update(replica));
      this.#eras.set(replica, era);
    }
    return era;
  }

  #update(changed: Replica): void {
    const eras = this.#options.replicas.all.map((replica) => this.#eras.get(replica));
    const isModern = (era: ReplicaEra | undefined) => era?.current === "modern";
    const isLegacy = (era: ReplicaEra | undefined) => era?.current === "legacy";
    this.#mustServe = !eras.some(isModern) || eras.some(isLegacy);
    if (!this.#mustServe) this.#checkEnded();
    const { speaks } = this.#eraOf(changed);
    if (speaks === undefined || speaks === changed.speaks) return;
    const isExpected = changed.speaks === undefined && speaks === latestVersion;
    changed.speaks = speaks;
    if (!isExpected) this.#options.onEra(speaks);
  }

  #exchangeInSession(replica: Replica, message: Message<Replica>): MessageExchange {
    const { name } = this.#options;
    const { request, context } = message;
    return exchangeOver(message, async (own, sending) => {
      const owner = this.#sessions.ownerOf(request, context);
      const session = this.#sessions.find(owner);
      // The session may be that of a replica that was removed.
      if (session && session.replica !== replica) this.#sessions.retire(session, owner);
      const sent = { request, context: own, place: replica, sending, owner };
      try {
        return await this.#sessions.serve(sent);
      } catch (error) {
        throw refusalOf(name, error) ?? error;
      }
    });
  }

  /** Starts a call in the session of its caller with a replica. */
  #pass(
    { request, context }: PassedMessage,
    replica: Replica,
    onEvent: () => void,
  ): StartedCall | undefined {
    if (this.#eraOf(replica).current !== "legacy") return undefined;
    const headers = this.#headersOf(context);
    const call = this.#sessions.pass(this.#sessions.ownerOf(request, context), (session) => {
      if (session.replica !== replica) return undefined;
      return session.pass({ request, onEvent }, headers);
    });
    return call && { call, headers };
  }

  /** Detects the era with the credentials of the caller, and then sends the request. */
  #exchangeOnceKnown(replica: Replica, message: Message<Replica>): MessageExchange {
    const { request, context, delivery } = message;
    const controller = new AbortController();
    const { signal } = controller;
    let started: MessageExchange | undefined;
    const run = async (): Promise<Result> => {
      await this.#find(replica, request, { ...context, signal });
      if (signal.aborted) {
        delivery.released();
        throw signal.reason;
      }
      const isLegacy = this.#eraOf(replica).current === "legacy";
      // A replica of unknown era gets the request, and its response has the reason.
      started = isLegacy
        ? this.#exchangeInSession(replica, message)
        : this.#options.modern(replica, message);
      return started.result;
    };
    const abort: MessageExchange["abort"] = (error) => {
      controller.abort(error);
      started?.abort(error);
    };
    return { result: run(), abort };
  }

  #find(replica: Replica, request: JSONRPCRequest, context: RequestContext): Promise<void> {
    const era = this.#eraOf(replica);
    const isLegacy = () => era.current === "legacy";
    const ms = this.#options.config.timeouts.firstByteMs;
    const tooLate = () => new TransportError("timeout", "The replica did not answer the probe");
    const bounds: Bounds = { signal: context.signal, ms, tooLate };
    return era.find(() =>
      within(bounds, (signal) => {
        const own = { ...context, signal };
        return this.#sessions.probe({ request, context: own, place: replica }, isLegacy);
      }),
    );
  }

  /** A token of the gateway may be renewed during a session, so only its caller counts. */
  #identityOf(context: RequestContext): Headers {
    const own = carriedToken(context);
    const headers = this.#headersOf(context);
    if (own === undefined) return identifying(headers);
    const { authorization: _renewed, ...others } = headers;
    return { ...identifying(others), ...(own.key !== undefined && { authorization: own.key }) };
  }

  /** Returns the headers for a session: those of the caller, and the configured ones. */
  #headersOf(context: RequestContext): Headers {
    const { headers, config } = this.#options;
    const all: Record<string, string> = {};
    const sent = headers(context) ?? {};
    for (const name in sent) if (!name.startsWith("mcp-")) all[name] = sent[name] as string;
    return Object.assign(all, config.headers?.set);
  }
}

const isIdentifying = byName((name) => mayIdentify(name) && name !== "dpop");

/** Returns digests of the headers by which the upstream could tell the callers apart. */
function identifying(headers: Headers): Headers {
  const digests: Record<string, string> = {};
  for (const name in headers) {
    if (isIdentifying(name)) digests[name] = hash("sha256", headers[name] as string, "base64url");
  }
  return digests;
}

/** Returns the refusal for the client, for an answer to the session without a JSON-RPC error. */
function refusalOf(upstream: string, error: unknown): unknown {
  if (!isTransportError(error) || error.status === undefined) return undefined;
  const { status, retryAfterMs, challenge } = error;
  const head = {
    status,
    ...(challenge !== undefined && { challenge }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
  return refusalBy(upstream, head, error);
}
