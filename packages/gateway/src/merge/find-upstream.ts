/**
 * Finds the upstream of a request by its subject: a tool or prompt, a resource, the reference of a
 * completion, or an id that an upstream minted.
 */
import {
  type ClientCapabilities,
  complete,
  type JSONObject,
  type Method,
  readResource,
} from "lutra/protocol";
import type { Upstream } from "../upstreams/upstream.ts";
import type { ListName } from "./list-kinds.ts";
import {
  listsNotKnown,
  methodNotFound,
  requireExtension,
  resourceNotFound,
  unknownId,
  unknownName,
} from "./merge-errors.ts";
import type { MintedIdKind } from "./minted-ids.ts";
import type { Origin } from "./names.ts";
import type { ReceivedRequest } from "./own-request.ts";
import type { Refresh } from "./refresh.ts";
import type { Renaming } from "./rename-error.ts";
import type { RoutingTable } from "./routing-table.ts";
import type { Seals } from "./seals.ts";
import type { CarriedUri } from "./uri-forms.ts";

export interface UpstreamFinderOptions {
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly table: RoutingTable;
  readonly refresh: Refresh;
  readonly seals: Seals;
  readonly mintedIds: readonly MintedIdKind[];
  /** The names of the extension methods that the gateway knows. */
  readonly described: ReadonlySet<string>;
}

/** The upstream of a request, and the request in its terms. */
export interface Target extends Renaming {
  readonly upstream: Upstream;
  /** The parameters in the upstream's terms, except for request state. */
  readonly params: JSONObject;
  /** The kind of name: of a tool or prompt, a URI, an id, or the reference of a completion. */
  readonly by: "name" | "uri" | "id" | "reference";
}

/** A method whose requests name an entry of a list. */
export interface NamedMethod {
  readonly method: Method;
  readonly list: "tools" | "prompts";
  /** The word for an entry in messages. */
  readonly noun: string;
}

const resourceLists: readonly ListName[] = ["resources", "resourceTemplates"];

export class UpstreamFinder {
  readonly #options: UpstreamFinderOptions;

  constructor(options: UpstreamFinderOptions) {
    this.#options = options;
  }

  /** Finds the upstream of the tool or prompt that a request names. */
  async byName({ method, list, noun }: NamedMethod, received: ReceivedRequest): Promise<Target> {
    const params = received.request.params ?? {};
    const { name: sent } = method.params(params) as { readonly name: string };
    const { upstream, name: original } = await this.#originOf({ list, noun }, sent, received);
    const translated = original === sent ? params : { ...params, name: original };
    return { upstream: this.#upstream(upstream), sent, original, params: translated, by: "name" };
  }

  /** Finds the upstream of the resource that a request reads. */
  async byUri(received: ReceivedRequest): Promise<Target> {
    const params = received.request.params ?? {};
    const { uri: sent } = readResource.params(params);
    const found = await this.findUri(sent, received);
    if (found === undefined) {
      this.#requireKnownLists(resourceLists, received);
      throw resourceNotFound(sent);
    }
    const { upstream, uri: original } = found;
    const translated = original === sent ? params : { ...params, uri: original };
    return { upstream: this.#upstream(upstream), sent, original, params: translated, by: "uri" };
  }

  /** Finds the upstream of the prompt or resource template that a completion refers to. */
  async byReference(received: ReceivedRequest): Promise<Target> {
    const params = received.request.params ?? {};
    const { ref } = complete.params(params);
    const sentRef = params.ref as JSONObject;
    if (ref.type === "ref/prompt") {
      const kind = { list: "prompts", noun: "prompt" } as const;
      const { upstream, name: original } = await this.#originOf(kind, ref.name, received);
      const translated = { ...params, ref: { ...sentRef, name: original } };
      const names = { sent: ref.name, original, by: "reference" } as const;
      return { upstream: this.#upstream(upstream), params: translated, ...names };
    }
    const { refresh, table } = this.#options;
    await refresh.ensure(resourceLists, received);
    const find = () => table.uris.findReference(ref.uri);
    const found = await this.#findTwice(resourceLists, received, find);
    if (found === undefined) {
      this.#requireKnownLists(resourceLists, received);
      throw unknownName("resource template", ref.uri);
    }
    const translated = { ...params, ref: { ...sentRef, uri: found.uri } };
    const names = { sent: ref.uri, original: found.uri, by: "reference" } as const;
    return { upstream: this.#upstream(found.upstream), params: translated, ...names };
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
    const upstream = opened && upstreams.get(opened.upstream);
    if (opened === undefined || upstream === undefined) {
      // Without a description of the method, only the upstream of the id could know the method.
      const isKnown = this.#options.described.has(request.method);
      throw isKnown ? unknownId(kind.field) : methodNotFound(request.method);
    }
    const translated = { ...params, [kind.field]: opened.id };
    return { upstream, params: translated, sent: sent as string, original: opened.id, by: "id" };
  }

  /** Returns the upstream of a URI and its URI there, or undefined if it belongs to no upstream. */
  async findUri(uri: string, received: ReceivedRequest): Promise<CarriedUri | undefined> {
    const { refresh, table } = this.#options;
    await refresh.ensure(resourceLists, received);
    return this.#findTwice(resourceLists, received, () => table.uris.find(uri));
  }

  #upstream(name: string): Upstream {
    return this.#options.upstreams.get(name) as Upstream;
  }

  async #originOf(
    { list, noun }: Pick<NamedMethod, "list" | "noun">,
    name: string,
    received: ReceivedRequest,
  ): Promise<Origin> {
    const find = () => this.#options.table.names(list).origin(name);
    const origin = await this.#findTwice([list], received, find);
    if (origin !== undefined) return origin;
    this.#requireKnownLists([list], received);
    throw unknownName(noun, name);
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
   * an upstream asks for credentials, the client receives its error, so that it can sign in.
   */
  #requireKnownLists(lists: readonly ListName[], received: ReceivedRequest): void {
    const { table, refresh } = this.#options;
    const unknown = table.unknownUpstreams(lists);
    const [first] = unknown;
    if (first === undefined) return;
    const refusals = refresh.refusals(lists, received);
    const refusing = unknown.find((upstream) => refusals.has(upstream));
    if (refusing !== undefined) throw refusals.get(refusing);
    throw listsNotKnown(first);
  }
}
