/**
 * A legacy upstream as a `Serve` of the current revision. Requests go into sessions, and a request of
 * the upstream for input becomes an `input_required` result, with which its call waits.
 *
 * @spec basic/versioning#backward-compatibility-with-initialization-based-versions
 */
import { capabilitiesIn, type PassedCall } from "lutra/internal";
import {
  canonicalJSON,
  inputRequired,
  isObject,
  type JSONObject,
  type JSONRPCRequest,
  legacyVersions,
  metaKeys,
  type RequestContext,
  type Result,
  type Serve,
} from "lutra/protocol";
import { randomId } from "lutra/server";
import { callerOf } from "../cache/authorization-context.ts";
import { modernResult } from "./modern-result.ts";
import { callEnded, type ParkedBy, type ParkedCall, ParkedStates } from "./parked-state.ts";
import type { Parking } from "./parking.ts";
import {
  type Closable,
  type PooledSession,
  type SessionOwner,
  SessionPool,
  type SessionPoolOptions,
} from "./session-pool.ts";

/** A session with the upstream, which opens again when the upstream has forgotten it. */
export interface UpstreamSession extends Closable {
  /** Opens the session, unless it is open, with the capabilities that a request declares. */
  readonly open: (request: JSONRPCRequest, context: RequestContext) => Promise<void>;
  /** Serves a request with the `requestState` of the session. */
  readonly serve: Serve;
}

export interface UpstreamSessionsOptions<Place, S extends UpstreamSession>
  extends Pick<SessionPoolOptions, "name" | "clock" | "idleMs" | "inputWaitMs" | "max"> {
  readonly parking: Parking;
  /** True if the configuration names the freshness of lists. */
  readonly hasListHints: boolean;
  /** Returns the headers that distinguish the sessions of one caller. @default none */
  readonly headers?: ((context: RequestContext) => JSONObject) | undefined;
  /** Creates a session, which opens later. */
  readonly create: (place: Place, owner: SessionOwner) => S;
}

/** A request to the upstream. */
export interface SessionRequest<Place> {
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
  /** The part of the upstream that gets a new session. */
  readonly place: Place;
  /** Called right before the request is sent. */
  readonly sending: () => void;
  /** The owner of the session, if the caller of `serve` has found it already. */
  readonly owner?: SessionOwner | undefined;
}

/** A call in a session that another one sends. Its results are those of the gateway. */
export type PassedInSession = PassedCall;

/** Maximum number of sessions of one caller with one upstream. */
const maxPerCaller = 16;
/** The name of all callers that nothing distinguishes. The gateway itself is one of them. */
const anonymous = "anonymous";

export class UpstreamSessions<Place, S extends UpstreamSession> {
  readonly #options: UpstreamSessionsOptions<Place, S>;
  readonly #pool: SessionPool<S>;
  readonly #states: ParkedStates;
  /** The headers of requests that the gateway itself sends. */
  readonly #ownIdentity: string;
  /** Ends the service for retries that arrive at other processes. */
  readonly #disown: (() => void) | undefined;
  /** The owners that were found, since a request is asked about several times. */
  readonly #owners = new WeakMap<
    RequestContext,
    { readonly meta: unknown; readonly owner: SessionOwner }
  >();
  /** Names this upstream of this process in the state of parked calls. */
  readonly #gateway = randomId();

  constructor(options: UpstreamSessionsOptions<Place, S>) {
    this.#options = options;
    this.#pool = new SessionPool({ ...options, maxPerCaller });
    this.#states = new ParkedStates(options.name, options.parking.sealer);
    const own = options.headers?.({ signal: new AbortController().signal, notify: () => {} }) ?? {};
    this.#ownIdentity = canonicalJSON([own]);
    const { relay } = options.parking;
    this.#disown = relay?.own(this.#gateway, {
      serve: (retry, context) => this.#continue(retry, context),
      isHolding: () => this.#pool.isHolding,
    });
  }

  /** True while there is no session. */
  get isEmpty(): boolean {
    return this.#pool.size === 0;
  }

  /** Returns the session of an owner, if there is one. */
  find(owner: SessionOwner): S | undefined {
    return this.#pool.find(owner)?.session;
  }

  /** Opens the session of a request, and drops it again unless `isWanted` returns true then. */
  async probe(
    { request, context, place }: Omit<SessionRequest<Place>, "sending" | "owner">,
    isWanted: () => boolean,
  ): Promise<void> {
    const pooled = this.#enter(this.ownerOf(request, context), place);
    try {
      await pooled.use(() => pooled.session.open(request, context));
    } finally {
      if (!isWanted()) this.#pool.retire(pooled);
    }
  }

  /**
   * Serves a request in the session of its caller, or continues its parked call.
   *
   * @throws {ProtocolError} `invalidParams` for the state of a call that is not, or no longer, open
   */
  async serve(sent: SessionRequest<Place>): Promise<Result> {
    const { request, context, place, sending, owner = this.ownerOf(request, context) } = sent;
    const by = { caller: owner.caller, request };
    const parked = await this.#states.open(by);
    if (parked === undefined) {
      const pooled = this.#enter(owner, place);
      return this.#serveIn(pooled, by, async () => {
        await pooled.session.open(request, context);
        sending();
        return pooled.session.serve(request, context);
      });
    }
    sending();
    const { relay } = this.#options.parking;
    const isElsewhere = parked.gateway !== this.#gateway && relay !== undefined;
    if (isElsewhere) return relay.send(parked.gateway, by, context);
    return this.#advance(parked, by, context);
  }

  /** Starts a call in the session of an owner that another one sends. Undefined if it must be served. */
  pass(
    owner: SessionOwner,
    start: (session: S) => PassedCall | undefined,
  ): PassedInSession | undefined {
    const pooled = this.#pool.find(owner);
    const call = pooled && start(pooled.session);
    if (pooled === undefined || call === undefined) return undefined;
    const { id, headers } = call;
    const leave = pooled.begin();
    return {
      id,
      headers,
      end: () => {
        call.end();
        leave();
      },
      cancel: (error) => {
        call.cancel(error);
        leave();
      },
      serve: (request, context, send) => {
        const by = { caller: owner.caller, request };
        const served = this.#serveIn(pooled, by, () => call.serve(request, context, send));
        leave();
        return served;
      },
    };
  }

  /** Retires the session of an owner, which no further request gets. */
  retire(session: S, owner: SessionOwner): void {
    const pooled = this.#pool.find(owner);
    if (pooled?.session === session) this.#pool.retire(pooled);
  }

  close(): Promise<void> {
    this.#disown?.();
    return this.#pool.close();
  }

  #enter(owner: SessionOwner, place: Place): PooledSession<S> {
    return this.#pool.enter(owner, () => this.#options.create(place, owner));
  }

  /** Continues a call of this process for another one. */
  async #continue(by: ParkedBy, context: RequestContext): Promise<Result> {
    const parked = await this.#states.open(by);
    if (parked === undefined) throw callEnded();
    return this.#advance(parked, by, context);
  }

  /** Continues a parked call with the answers of its caller. */
  #advance(parked: ParkedCall, by: ParkedBy, context: RequestContext): Promise<Result> {
    const { gateway, session: id, state } = parked;
    const pooled = gateway === this.#gateway ? this.#pool.byId(id) : undefined;
    if (!pooled?.take(state)) throw callEnded();
    const { request } = by;
    const params = { ...request.params, requestState: state };
    return this.#serveIn(pooled, by, () => pooled.session.serve({ ...request, params }, context));
  }

  /** Runs a call in a session, and seals the state with which it waits. */
  #serveIn(pooled: PooledSession<S>, by: ParkedBy, call: () => Promise<Result>): Promise<Result> {
    return pooled.use(async () => {
      const result = await call();
      if (result.resultType !== inputRequired) {
        return modernResult(result, by.request.method, this.#options.hasListHints);
      }
      const state = String(result.requestState);
      pooled.park(state);
      const parked = { gateway: this.#gateway, session: pooled.id, state };
      return { ...result, requestState: await this.#states.seal(parked, by) };
    });
  }

  /** Returns the owner of the session that a request uses. */
  ownerOf({ params }: JSONRPCRequest, context: RequestContext): SessionOwner {
    const known = this.#owners.get(context);
    if (known !== undefined && known.meta === params?._meta) return known.owner;
    const meta = params?._meta;
    const owner = this.#createOwner(meta, context);
    this.#owners.set(context, { meta, owner });
    return owner;
  }

  #createOwner(sent: unknown, context: RequestContext): SessionOwner {
    const meta = isObject(sent) ? sent : {};
    const [newest = ""] = legacyVersions;
    const declared = capabilitiesIn(meta[metaKeys.clientCapabilities], newest) as JSONObject;
    const headers = this.#options.headers?.(context) ?? {};
    const identity = canonicalJSON([headers]);
    const isPlain = identity === this.#ownIdentity;
    // Without a principal or credentials, other headers may still tell callers apart.
    const caller = callerOf(context) ?? (isPlain ? anonymous : `headers ${identity}`);
    const isGateway = caller === anonymous && Object.keys(declared).length === 0;
    return { caller, variant: canonicalJSON([declared, headers]), isGateway };
  }
}
