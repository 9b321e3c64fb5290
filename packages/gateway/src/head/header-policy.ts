/** The policy of an upstream for the headers of callers. It is the same for all kinds of requests. */
import { credentialHeaders, isIncidental, isProtocolHeader } from "./known-headers.ts";

/** The headers of one upstream, as configured. Names are in lower case. */
export interface HeaderSettings {
  /** `all`, or the names of headers beside credentials and those that describe the request. */
  readonly forward: "all" | readonly string[];
  /** Headers that the gateway sends itself, in place of those of callers. */
  readonly set: { readonly [name: string]: string };
  /** The names under which the caller's headers are sent. */
  readonly rename: { readonly [name: string]: string };
  /** Headers that are not sent. */
  readonly remove: readonly string[];
}

/** The settings of an upstream without any. */
export const defaultHeaders: HeaderSettings = { forward: "all", set: {}, rename: {}, remove: [] };

/** The headers by which an upstream can tell callers apart. */
export interface IdentifyingHeaders {
  /** True if all headers count that `mayIdentify` names; otherwise only credentials and `named`. */
  readonly isAll: boolean;
  readonly named: ReadonlySet<string>;
  /** Headers that no upstream receives. */
  readonly ignored: ReadonlySet<string>;
}

/** The conditions of one request. */
export interface HeaderConditions {
  /** True when the upstream receives the credentials of callers. */
  readonly passesCredentials: boolean;
  /**
   * True when other callers may get the result. Such a request has only the headers that are part of
   * the key of a cached response.
   */
  readonly isShared: boolean;
}

const credentials: ReadonlySet<string> = new Set(credentialHeaders);

export class HeaderPolicy {
  /** The headers that the gateway sends itself, as configured. */
  readonly set: HeaderSettings["set"];
  /** True if all headers of callers are sent as they are. */
  readonly isPlain: boolean;
  readonly identifying: IdentifyingHeaders;
  readonly #isAll: boolean;
  readonly #named: ReadonlySet<string>;
  readonly #renamed: ReadonlyMap<string, string>;
  readonly #dropped: ReadonlySet<string>;

  constructor({ forward, set, rename, remove }: HeaderSettings = defaultHeaders) {
    const own = Object.keys(set);
    const sources = Object.keys(rename);
    this.set = set;
    this.isPlain = forward === "all" && [...own, ...sources, ...remove].length === 0;
    this.#isAll = forward === "all";
    this.#named = new Set(forward === "all" ? [] : forward);
    // A caller must not be able to send a header in place of a renamed one.
    this.#dropped = new Set([...own, ...Object.values(rename), ...remove]);
    this.#renamed = new Map(Object.entries(rename).filter(([, to]) => !own.includes(to)));
    const ignored = [...this.#dropped].filter((name) => !this.#renamed.has(name));
    this.identifying = {
      isAll: this.#isAll,
      named: new Set([...this.#named, ...sources]),
      ignored: new Set(ignored),
    };
  }

  /** Returns the name under which a header of the caller, in lower case, is sent, if it is. */
  sentAs(name: string, { passesCredentials, isShared }: HeaderConditions): string | undefined {
    if (!passesCredentials && credentials.has(name)) return undefined;
    if (isShared && this.#isForOneCaller(name)) return undefined;
    const renamed = this.#renamed.get(name);
    if (renamed !== undefined) return renamed;
    if (this.#dropped.has(name)) return undefined;
    return this.#isAll || this.#isStandard(name) || this.#named.has(name) ? name : undefined;
  }

  #isForOneCaller(name: string): boolean {
    if (name === "traceparent") return false;
    return isProtocolHeader(name) || (isIncidental(name) && !this.identifying.named.has(name));
  }

  #isStandard(name: string): boolean {
    return isProtocolHeader(name) || isIncidental(name) || credentials.has(name);
  }
}

/** The headers that identify callers for a route to several upstreams. */
export function identifyingAny(policies: readonly HeaderPolicy[]): IdentifyingHeaders {
  const all = policies.map(({ identifying }) => identifying);
  const [first = new HeaderPolicy().identifying, ...others] = all;
  return {
    isAll: all.some(({ isAll }) => isAll),
    named: new Set(all.flatMap(({ named }) => [...named])),
    ignored: new Set([...first.ignored].filter((name) => others.every((o) => o.ignored.has(name)))),
  };
}
