/**
 * Finds the upstream of a request by its subject: a tool or prompt, a resource, the reference of a
 * completion, or an id that an upstream minted.
 */
import { resourceNotFound } from "lutra/internal";
import {
  type ClientCapabilities,
  complete,
  type JSONObject,
  type Method,
  type Result,
} from "lutra/protocol";
import type { Caller } from "../cache/authorization-context.ts";
import type { ListName } from "../subjects/list-kinds.ts";
import { Subject, type SubjectKind } from "../subjects/subject.ts";
import type { CarriedUri } from "../subjects/uri-forms.ts";
import type { Upstream } from "../upstreams/upstream.ts";
import {
  listsNotKnown,
  methodNotFound,
  requireExtension,
  unknownId,
  unknownName,
} from "./merge-errors.ts";
import type { MintedIdKind } from "./minted-ids.ts";
import type { Origin } from "./names.ts";
import type { ReceivedRequest } from "./own-request.ts";
import type { Refresh } from "./refresh.ts";
import type { Renaming } from "./rename-error.ts";
import type { RoutingTable, RoutingView } from "./routing-table.ts";
import { callerKey, type Seals } from "./seals.ts";

export interface UpstreamFinderOptions {
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly table: RoutingTable;
  readonly refresh: Refresh;
  readonly seals: Seals;
  readonly mintedIds: readonly MintedIdKind[];
  /** The names of the extension methods that the gateway knows. */
  readonly described: ReadonlySet<string>;
}

/** The upstream of a request, and the names that it has there. */
export interface Target extends Renaming {
  readonly upstream: Upstream;
  readonly subject: Subject;
  /** Returns the parameters in the upstream's terms, except for request state. */
  readonly translate: (params: JSONObject) => JSONObject;
  /** Translates the URIs of a result. @default those of content and resources are translated */
  readonly showResult?: ShowResult | undefined;
  /** The kind of name: of a tool or prompt, a URI, an id, or the reference of a completion. */
  readonly by: "name" | "uri" | "id" | "reference";
}

/** Returns a result in the client's form, given the upstream's own URI and the client's. */
type ShowResult = (result: Result, original: string, sent: string) => Result;

/** A method whose requests name a resource by its URI. */
export interface UriMethod {
  readonly method: Method;
  readonly showResult?: ShowResult;
}

/** A method whose requests name an entry of a list. */
export interface NamedMethod {
  readonly method: Method;
  readonly list: "tools" | "prompts";
  /** The kind of entry, which messages also name. */
  readonly kind: "tool" | "prompt";
}

const resourceLists: readonly ListName[] = ["resources", "resourceTemplates"];

/** An entry of an upstream, with the name that the client sent. */
interface NamedEntry extends Origin {
  readonly kind: SubjectKind;
  readonly sent: string;
}

export class UpstreamFinder {
  readonly #options: UpstreamFinderOptions;

  constructor(options: UpstreamFinderOptions) {
    this.#options = options;
  }

  /** Finds the upstream of the tool or prompt that a request names. */
  async byName({ method, list, kind }: NamedMethod, received: ReceivedRequest): Promise<Target> {
    const { name: sent } = method.params(received.request.params ?? {}) as {
      readonly name: string;
    };
    const origin = await this.#originOf({ list, kind }, sent, received);
    return this.#named({ kind, sent, ...origin });
  }

  /** Returns the target of the tool or prompt with a name, if the lists that are known have it. */
  known({ list, kind }: NamedMethod, sent: string, caller: Caller): Target | undefined {
    const origin = this.#options.table.of(callerKey(caller)).names(list).origin(sent);
    return origin && this.#named({ kind, sent, ...origin });
  }

  /** Finds the upstream of the resource, the skill or the directory that a request names. */
  async byUri({ method, showResult }: UriMethod, received: ReceivedRequest): Promise<Target> {
    const { uri: sent } = method.params(received.request.params ?? {}) as { readonly uri: string };
    const found = await this.findUri(sent, received);
    if (found === undefined) {
      this.#requireKnownLists(resourceLists, received);
      throw resourceNotFound(sent);
    }
    const origin = { upstream: found.upstream, name: found.uri };
    const target = this.#target({ kind: "resource", sent, ...origin }, "uri", (uri) => (params) => {
      return { ...params, uri };
    });
    return { ...target, showResult };
  }

  /** Finds the upstream of the prompt or resource template that a completion refers to. */
  async byReference(received: ReceivedRequest): Promise<Target> {
    const { ref } = complete.params(received.request.params ?? {});
    if (ref.type === "ref/prompt") {
      const named = { list: "prompts", kind: "prompt" } as const;
      const origin = await this.#originOf(named, ref.name, received);
      return this.#target({ kind: "prompt", sent: ref.name, ...origin }, "reference", (name) =>
        withReference({ name }),
      );
    }
    await this.#options.refresh.ensure(resourceLists, received);
    const find = () => this.#view(received).uris.findReference(ref.uri);
    const found = await this.#findTwice(resourceLists, received, find);
    if (found === undefined) {
      this.#requireKnownLists(resourceLists, received);
      throw unknownName("resource template", ref.uri);
    }
    const named = { upstream: found.upstream, name: found.uri, sent: ref.uri };
    return this.#target({ kind: "resource", ...named }, "reference", (uri) =>
      withReference({ uri }),
    );
  }

  /** Finds the upstream of an extension method by the sealed id in its parameters. */
  async byId({ request, context }: ReceivedRequest, declared: ClientCapabilities): Promise<Target> {
    const { mintedIds, seals, upstreams } = this.#options;
    const params = request.params ?? {};
    const kind = mintedIds.find(({ field }) => params[field] !== undefined);
    if (kind === undefined) throw methodNotFound(request.method);
    requireExtension(kind, declared);
    const sent = params[kind.field];
    const opened = typeof sent === "string" ? await seals.ids.open(sent, context) : undefined;
    if (opened === undefined || !upstreams.has(opened.upstream)) {
      // Without a description of the method, only the upstream of the id could know the method.
      const isKnown = this.#options.described.has(request.method);
      throw isKnown ? unknownId(kind.field) : methodNotFound(request.method);
    }
    const named = { upstream: opened.upstream, name: opened.id, sent: sent as string };
    return this.#target({ kind: "id", ...named }, "id", (id) => (params) => {
      return { ...params, [kind.field]: id };
    });
  }

  /** Returns the upstream of a URI and its URI there, or undefined if it belongs to no upstream. */
  async findUri(uri: string, received: ReceivedRequest): Promise<CarriedUri | undefined> {
    await this.#options.refresh.ensure(resourceLists, received);
    const find = () => this.#view(received).uris.find(uri);
    return this.#findTwice([...resourceLists, "skills"], received, find);
  }

  #named(entry: NamedEntry): Target {
    return this.#target(entry, "name", (name) => (params) => ({ ...params, name }));
  }

  #view({ context }: ReceivedRequest): RoutingView {
    return this.#options.table.of(callerKey(context));
  }

  #target(
    { upstream, kind, name, sent }: NamedEntry,
    by: Target["by"],
    naming: (name: string) => Target["translate"],
  ): Target {
    return {
      upstream: this.#options.upstreams.get(upstream) as Upstream,
      subject: new Subject(upstream, kind, name),
      sent,
      original: name,
      translate: name === sent ? (params) => params : naming(name),
      by,
    };
  }

  async #originOf(
    { list, kind }: Pick<NamedMethod, "list" | "kind">,
    name: string,
    received: ReceivedRequest,
  ): Promise<Origin> {
    const find = () => this.#view(received).names(list).origin(name);
    const origin = await this.#findTwice([list], received, find);
    if (origin !== undefined) return origin;
    this.#requireKnownLists([list], received);
    throw unknownName(kind, name);
  }

  /** Tries to find an entry, and tries again after a refresh of the lists. */
  async #findTwice<T>(
    lists: readonly ListName[],
    received: ReceivedRequest,
    find: () => T | undefined,
  ): Promise<T | undefined> {
    const found = find();
    if (found !== undefined) return found;
    await this.#options.refresh.refresh(lists, received);
    return find();
  }

  /**
   * Throws if an upstream has never sent its lists, because an unknown name may belong to it. If such
   * an upstream asks for credentials, the client receives its error, so that it can sign in; and the
   * error of one that speaks an earlier revision, since waiting does not help.
   */
  #requireKnownLists(lists: readonly ListName[], received: ReceivedRequest): void {
    const { table, refresh } = this.#options;
    const unknown = table.unknownUpstreams(lists, callerKey(received.context));
    const [first] = unknown;
    if (first === undefined) return;
    const refusals = refresh.refusals(lists, received);
    const refusing = unknown.find((upstream) => refusals.has(upstream));
    if (refusing !== undefined) throw refusals.get(refusing);
    throw listsNotKnown(first);
  }
}

/** Replaces the name or the URI in the reference of a completion. */
function withReference(named: JSONObject): Target["translate"] {
  return (params) => ({ ...params, ref: { ...(params.ref as JSONObject), ...named } });
}
