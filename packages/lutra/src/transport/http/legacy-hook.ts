/**
 * The place in the HTTP handlers at which requests of legacy clients leave the path of the current
 * revision. The code for them is loaded with the first such request.
 *
 * @spec basic/versioning#backward-compatibility-with-initialization-based-versions
 */
import type { ClientCapabilities } from "../../protocol/capabilities.ts";
import type { Principal, Serve } from "../../protocol/exchange.ts";
import { headerNames } from "../../protocol/http-headers.ts";
import { isObject, type JSONObject } from "../../protocol/json.ts";
import { type Implementation, metaKeys } from "../../protocol/meta.ts";
import { initializeMethod, legacyVersionsOf } from "../../protocol/versioning.ts";
import type { HttpRules, ReadHeader } from "./rules.ts";

/** The response to a request on which events are sent. */
export interface EventSink {
  /** Sends text. Returns a promise where the client has to catch up before the next event. */
  readonly write: (text: string) => void | Promise<void>;
  readonly end: () => void;
}

export interface LegacyResponse {
  readonly status: number;
  readonly headers?: { readonly [name: string]: string };
  /** The body, as JSON. */
  readonly json?: string | undefined;
}

/** The head of an HTTP request, and the functions that respond to it. */
export interface LegacyExchange {
  /** The path and the query of the request, as its client knows them. */
  readonly target: string;
  readonly header: ReadHeader;
  readonly principal: Principal | undefined;
  readonly address: string | undefined;
  /** Members that the contexts of all requests get, for a gateway. */
  readonly members?: object | undefined;
  /** Sends a response without a stream. */
  readonly respond: (response: LegacyResponse) => void;
  /** Opens an event stream, and calls `onClose` later, once its connection has closed. */
  readonly stream: (onClose: (isComplete: boolean) => void) => EventSink;
  /** True when the client has disconnected before it had the response. */
  readonly isGone: () => boolean;
  /** Calls a function when the client disconnects before it has the response. */
  readonly onGone: (callback: () => void) => void;
}

/** The legacy transport of one server. Its functions do not reject. */
export interface LegacyEndpoint {
  /** Answers a POST, whose body is decoded. */
  readonly post: (received: unknown, exchange: LegacyExchange) => Promise<void>;
  readonly get: (exchange: LegacyExchange) => Promise<void>;
  readonly delete: (exchange: LegacyExchange) => Promise<void>;
  /** Accepts an event of another replica that arrived before the endpoint was loaded. */
  readonly receive: (event: JSONObject) => void;
}

/** The topic of the events by which the replicas of a server share sessions. */
export const sessionTopic = "lutra.legacy";

/** The state of a server that its replicas share; see `Server`. */
interface LegacySessions {
  readonly events: {
    readonly subscribe: (topic: string, listener: (event: JSONObject) => void) => () => void;
  };
}

/** A server, or only its `serve`. */
export interface LegacyServed {
  readonly serve: Serve;
  /** The state that replicas share; `createServer` makes it. @default the state of this process */
  readonly sessions?: LegacySessions | undefined;
  /** Returns the scopes that a method requires for the entry of this name. @default none */
  readonly requiredScopes?: ((method: string, name: string) => readonly string[]) | undefined;
}

/** A message that a legacy client has sent in its session. */
interface LegacyMessage {
  readonly session: {
    readonly version: string;
    readonly capabilities: ClientCapabilities;
    readonly clientInfo: Implementation | undefined;
  };
  /** The decoded body: a message, a batch, or undefined for a GET or DELETE. */
  readonly received: unknown;
  /** The `members` of the exchange. */
  readonly members: object | undefined;
}

/** Called with each message of a session before it is served. */
type OnLegacyMessage = (message: LegacyMessage) => void;

export interface LegacyOptions {
  /** The legacy versions that are served, the newest first. */
  readonly versions: readonly string[];
  readonly onMessage?: OnLegacyMessage | undefined;
  /** True to serve clients of HTTP+SSE, too. */
  readonly httpSse?: boolean | undefined;
  readonly onError: (error: unknown) => void;
}

/** Loads the code for legacy clients. */
export type LoadLegacy = () => Promise<{
  readonly createLegacyEndpoint: (server: LegacyServed, options: LegacyOptions) => LegacyEndpoint;
}>;

/** The methods of HTTP that legacy sessions use beside POST. */
const sessionMethods: ReadonlySet<string> = new Set(["GET", "DELETE"]);
/** Maximum number of events that wait while the endpoint is loaded. */
const maxEarly = 10_000;

/** The versions of earlier revisions that a handler serves, and the code for them. */
export interface LegacySupport {
  readonly versions: readonly string[];
  readonly load: LoadLegacy;
  readonly onMessage?: OnLegacyMessage | undefined;
  /** True to serve clients of HTTP+SSE, too. */
  readonly httpSse?: boolean | undefined;
}

export interface VersionOptions {
  /**
   * The protocol versions that are served, with the current one among them. Clients of the earlier
   * ones open a session with `initialize`.
   *
   * @default all versions that this library knows
   */
  readonly versions?: readonly string[] | undefined;
  /**
   * True to serve clients of HTTP+SSE, the transport of 2024-11-05, at the same URL. A warning is
   * printed.
   *
   * @default false
   * @deprecated Clients should use Streamable HTTP.
   */
  readonly httpSse?: boolean | undefined;
}

/**
 * Returns the support for the earlier ones of the served versions, or undefined if there are none.
 *
 * @throws {TypeError} for an unknown version, for a list without the current one, and for `httpSse`
 *   without an earlier version
 */
export function legacySupport(
  { versions, httpSse = false }: VersionOptions,
  load: LoadLegacy,
): LegacySupport | undefined {
  const legacy = legacyVersionsOf(versions);
  if (httpSse && legacy.length === 0) {
    throw new TypeError("httpSse: expected an earlier version in versions, such as 2024-11-05");
  }
  if (httpSse) console.warn(httpSseWarning);
  return legacy.length > 0 ? { versions: legacy, load, httpSse } : undefined;
}

const httpSseWarning =
  "lutra: httpSse: the HTTP+SSE transport has been deprecated since MCP 2025-03-26, " +
  "and a revision may remove it from 2026-09-03 on; use Streamable HTTP";

/** The parameter of URLs to which clients of HTTP+SSE post their messages. */
export const streamParameter = "lutra-stream";

/** Returns the token of a stream in a request target, or undefined. */
export function streamTokenIn(target: string): string | undefined {
  const [, query] = target.split("?", 2);
  return new URLSearchParams(query).get(streamParameter) ?? undefined;
}

export class LegacyHook {
  readonly #server: LegacyServed;
  readonly #options: LegacyOptions;
  readonly #load: LoadLegacy;
  #endpoint: Promise<LegacyEndpoint> | undefined;
  /** Events of other replicas, which concern this one also before its own first legacy request. */
  readonly #early: JSONObject[] = [];
  readonly #stopWaiting: (() => void) | undefined;

  constructor(server: LegacyServed, { onError }: HttpRules, support: LegacySupport) {
    const { versions, load, onMessage, httpSse } = support;
    this.#server = server;
    this.#options = { versions, onMessage, httpSse, onError };
    this.#load = load;
    this.#stopWaiting = server.sessions?.events.subscribe(sessionTopic, (event) => {
      if (this.#early.length < maxEarly) this.#early.push(event);
      this.endpoint().catch(onError);
    });
  }

  /**
   * Returns true for a posted message of a legacy client: in a session, to open one, or with the
   * version header of a legacy revision. Requests with the protocol fields of the current revision are
   * never taken, except for those to the URL of a stream.
   *
   * @param target The path and the query of the request
   */
  takes(header: ReadHeader, received: unknown, target: string): boolean {
    if (this.#options.httpSse && streamTokenIn(target) !== undefined) return true;
    // Reading headers costs more, and most requests have the fields.
    return !hasProtocolFields(received) && this.#isOfSession(header, received);
  }

  #isOfSession(header: ReadHeader, received: unknown): boolean {
    if (header("mcp-session-id") !== undefined) return true;
    const version = header(headerNames.version);
    if (version !== undefined) return this.#options.versions.includes(version);
    return isObject(received) && received.method === initializeMethod;
  }

  /** Returns true for a GET or DELETE of a session, and for a GET that opens one of HTTP+SSE. */
  takesMethod(method: string | undefined, header: ReadHeader): boolean {
    const isSse = method === "GET" && header("accept")?.includes("text/event-stream");
    if (this.#options.httpSse && isSse) return true;
    return sessionMethods.has(method ?? "") && header("mcp-session-id") !== undefined;
  }

  /** Returns the endpoint, loaded once. */
  endpoint(): Promise<LegacyEndpoint> {
    this.#endpoint ??= this.#open();
    return this.#endpoint;
  }

  async #open(): Promise<LegacyEndpoint> {
    const { createLegacyEndpoint } = await this.#load();
    const endpoint = createLegacyEndpoint(this.#server, this.#options);
    this.#stopWaiting?.();
    for (const event of this.#early.splice(0)) endpoint.receive(event);
    return endpoint;
  }
}

function hasProtocolFields(received: unknown): boolean {
  if (!isObject(received) || !isObject(received.params)) return false;
  const { _meta } = received.params as JSONObject;
  return isObject(_meta) && _meta[metaKeys.protocolVersion] !== undefined;
}
