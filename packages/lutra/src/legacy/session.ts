/**
 * Sessions of the legacy revisions, as sealed tokens: the id of a session contains what `initialize`
 * has declared, so any replica can serve any request of it, and none keeps anything.
 *
 * @spec 2025-11-25/basic/transports#session-management
 */
import type { ClientCapabilities } from "../protocol/capabilities.ts";
import type { Principal } from "../protocol/exchange.ts";
import { isObject, type JSONObject } from "../protocol/json.ts";
import type { LoggingLevel } from "../protocol/logging.ts";
import { type Implementation, metaKeys } from "../protocol/meta.ts";
import { latestVersion } from "../protocol/versioning.ts";
import { randomId } from "../server/random-id.ts";
import type { Sealer } from "../server/seal.ts";
import { BoundedMap } from "../stores/bounded-map.ts";
import { has } from "./revisions.ts";

/** The facts about a session that do not change. */
export interface Session {
  /** Identifies the session among replicas. It is inside the token, so no client knows it. */
  readonly key: string;
  readonly version: string;
  readonly capabilities: ClientCapabilities;
  readonly clientInfo: Implementation | undefined;
  /** Time at which the session ends, in milliseconds since 1970. */
  readonly expiresAt: number;
  /** Returns what the current revision sends with each request, and `initialize` has declared once. */
  readonly fieldsFor: (level: LoggingLevel) => JSONObject;
}

/** Maximum length of the name and the version of a client that a session keeps, in characters. */
const maxNameLength = 64;
/** Maximum number of opened tokens that are remembered, so that they are not decrypted again. */
const maxOpened = 1000;
/** Maximum length of these tokens, in characters. */
const maxOpenedLength = 1_048_576;

/** The parts of `initialize` that a session keeps. */
export interface Introduction {
  readonly version: string;
  readonly capabilities: unknown;
  readonly clientInfo: unknown;
}

/**
 * Creates a session. A token travels in a header of each request, for which proxies have about 4 kB,
 * so it contains only the capabilities that the server uses, and the start of the client's name and
 * version.
 */
export function createSession(
  { version, capabilities, clientInfo }: Introduction,
  expiresAt: number,
): Session {
  return new OpenSession({
    key: randomId(),
    version,
    capabilities: capabilitiesIn(capabilities, version),
    clientInfo: shortInfo(clientInfo),
    expiresAt,
  });
}

/** A session, and the protocol fields of its requests, which seldom change. */
class OpenSession implements Session {
  readonly key: string;
  readonly version: string;
  readonly capabilities: ClientCapabilities;
  readonly clientInfo: Implementation | undefined;
  readonly expiresAt: number;
  #level: LoggingLevel | undefined;
  #fields: JSONObject | undefined;

  constructor({ key, version, capabilities, clientInfo, expiresAt }: Omit<Session, "fieldsFor">) {
    this.key = key;
    this.version = version;
    this.capabilities = capabilities;
    this.clientInfo = clientInfo;
    this.expiresAt = expiresAt;
  }

  fieldsFor(level: LoggingLevel): JSONObject {
    if (this.#fields !== undefined && level === this.#level) return this.#fields;
    const { capabilities, clientInfo } = this;
    this.#level = level;
    this.#fields = Object.freeze({
      [metaKeys.protocolVersion]: latestVersion,
      [metaKeys.clientCapabilities]: capabilities,
      ...(clientInfo && { [metaKeys.clientInfo]: clientInfo }),
      [metaKeys.logLevel]: level,
    }) as JSONObject;
    return this.#fields;
  }
}

/** Seals and opens the tokens of sessions. A token opens for its own principal only. */
export class SessionTokens {
  readonly #sealer: () => Sealer;
  readonly #now: () => number;
  readonly #opened = new BoundedMap<string, Opened>({
    maxEntries: maxOpened,
    maxWeight: maxOpenedLength,
    weightOf: ({ length }) => length,
  });
  /** The sealer that has opened them. Another one may lack the key of a token. */
  #openedBy: Sealer | undefined;

  constructor(sealer: () => Sealer, now: () => number) {
    this.#sealer = sealer;
    this.#now = now;
  }

  seal(session: Session, principal: Principal | undefined): Promise<string> {
    const { key, version, capabilities, clientInfo, expiresAt } = session;
    const value = { k: key, v: version, c: capabilities, i: clientInfo, e: expiresAt };
    return this.#sealer().seal(value, bindingOf(principal));
  }

  /**
   * Opens a token. Returns undefined for one that is forged, has expired or belongs to another
   * principal.
   */
  open(
    token: string,
    principal: Principal | undefined,
  ): Session | undefined | Promise<Session | undefined> {
    const sealer = this.#sealer();
    if (sealer !== this.#openedBy) this.#opened.clear();
    this.#openedBy = sealer;
    const binding = bindingOf(principal);
    const known = this.#opened.get(token);
    if (known?.binding === binding) return this.#unlessExpired(known.session);
    return this.#decrypt(token, binding, sealer);
  }

  async #decrypt(token: string, binding: string, sealer: Sealer): Promise<Session | undefined> {
    const value = await sealer.open(token, binding);
    if (!isObject(value)) return undefined;
    const { k, v, c, i, e } = value as unknown as SealedSession;
    const fields = { key: k, version: v, capabilities: c, clientInfo: i, expiresAt: e };
    const session = new OpenSession(fields);
    const length = token.length + binding.length;
    if (sealer === this.#openedBy) this.#opened.set(token, { session, binding, length });
    return this.#unlessExpired(session);
  }

  #unlessExpired(session: Session): Session | undefined {
    return session.expiresAt > this.#now() ? session : undefined;
  }
}

/** An opened token. It opens with one binding only. */
interface Opened {
  readonly session: Session;
  readonly binding: string;
  readonly length: number;
}

interface SealedSession {
  readonly k: string;
  readonly v: string;
  readonly c: ClientCapabilities;
  readonly i: Implementation | undefined;
  readonly e: number;
}

function bindingOf(principal: Principal | undefined): string {
  return principal === undefined ? "legacy session" : `legacy session of ${principal.id}`;
}

/** Returns the capabilities of a client that its revision has and that the server uses. */
export function capabilitiesIn(declared: unknown, version: string): ClientCapabilities {
  if (!isObject(declared)) return {};
  const { roots, sampling, elicitation } = declared;
  return {
    ...(isObject(roots) && { roots: {} }),
    ...(isObject(sampling) && { sampling: samplingIn(sampling, version) }),
    ...(isObject(elicitation) &&
      has(version, "elicitation") && { elicitation: elicitationIn(elicitation, version) }),
  };
}

function samplingIn({ context, tools }: JSONObject, version: string): JSONObject {
  if (!has(version, "samplingTools")) return {};
  return { ...(isObject(context) && { context: {} }), ...(isObject(tools) && { tools: {} }) };
}

function elicitationIn({ form, url }: JSONObject, version: string): JSONObject {
  if (!has(version, "urlElicitation") || !isObject(url)) return {};
  return { ...(isObject(form) && { form: {} }), url: {} };
}

function shortInfo(info: unknown): Implementation | undefined {
  if (!isObject(info) || typeof info.name !== "string") return undefined;
  const version = typeof info.version === "string" ? info.version : "";
  return { name: info.name.slice(0, maxNameLength), version: version.slice(0, maxNameLength) };
}
