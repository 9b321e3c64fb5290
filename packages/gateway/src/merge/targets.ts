/**
 * Finds the upstream that a request belongs to, by what it names: a tool or prompt, a resource, what
 * is completed, or an id that an upstream minted.
 */
import {
  type ClientCapabilities,
  complete,
  type JSONObject,
  type Method,
  readResource,
  requireCapabilities,
} from "lutra/protocol";
import { UpstreamError } from "../delivery/upstream-error.ts";
import type { Upstream } from "../upstreams/upstream.ts";
import type { Target } from "./forward.ts";
import type { ListName } from "./list-kinds.ts";
import type { MintedIdKind } from "./minted-ids.ts";
import type { Origin } from "./names.ts";
import type { Caller } from "./own-request.ts";
import type { Refresh } from "./refresh.ts";
import { invalidParams, methodNotFound, unknownId } from "./refusals.ts";
import type { RoutingTable } from "./routing-table.ts";
import type { Seals } from "./seals.ts";
import type { CarriedUri } from "./uri-forms.ts";

export interface TargetsOptions {
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly table: RoutingTable;
  readonly refresh: Refresh;
  readonly seals: Seals;
  readonly mintedIds: readonly MintedIdKind[];
  /** The methods of extensions that the gateway knows, by name. */
  readonly described: ReadonlySet<string>;
}

/** A method whose subject is named, and the list that has the names. */
export interface NamedMethod {
  readonly method: Method;
  readonly list: "tools" | "prompts";
  /** What one of the list is called. */
  readonly noun: string;
}

const resourceLists: readonly ListName[] = ["resources", "resourceTemplates"];

export class Targets {
  readonly #options: TargetsOptions;

  constructor(options: TargetsOptions) {
    this.#options = options;
  }

  async named({ method, list, noun }: NamedMethod, caller: Caller): Promise<Target> {
    const params = caller.request.params ?? {};
    const { name: sent } = method.params(params) as { readonly name: string };
    const { upstream, name: original } = await this.#originOf({ list, noun }, sent, caller);
    const own = original === sent ? params : { ...params, name: original };
    return { upstream: this.#upstream(upstream), sent, original, params: own, by: "name" };
  }

  async resource(caller: Caller): Promise<Target> {
    const params = caller.request.params ?? {};
    const { uri: sent } = readResource.params(params);
    const found = await this.findUri(sent, caller);
    if (found === undefined) {
      this.#requireKnown(resourceLists, caller);
      throw invalidParams("Resource not found", { uri: sent });
    }
    const { upstream, uri: original } = found;
    const own = original === sent ? params : { ...params, uri: original };
    return { upstream: this.#upstream(upstream), sent, original, params: own, by: "uri" };
  }

  async completion(caller: Caller): Promise<Target> {
    const params = caller.request.params ?? {};
    const { ref } = complete.params(params);
    const sentRef = params.ref as JSONObject;
    if (ref.type === "ref/prompt") {
      const kind = { list: "prompts", noun: "prompt" } as const;
      const { upstream, name: original } = await this.#originOf(kind, ref.name, caller);
      const own = { ...params, ref: { ...sentRef, name: original } };
      const names = { sent: ref.name, original, by: "reference" } as const;
      return { upstream: this.#upstream(upstream), params: own, ...names };
    }
    const { refresh, table } = this.#options;
    await refresh.ensure(resourceLists, caller);
    const find = () => table.uris.findReference(ref.uri);
    const found = await this.#look(resourceLists, caller, find);
    if (found === undefined) {
      this.#requireKnown(resourceLists, caller);
      throw invalidParams(`Unknown resource template: ${ref.uri}`);
    }
    const own = { ...params, ref: { ...sentRef, uri: found.uri } };
    const names = { sent: ref.uri, original: found.uri, by: "reference" } as const;
    return { upstream: this.#upstream(found.upstream), params: own, ...names };
  }

  /** The target of a method that only its parameters are known of: the upstream of an id in them. */
  async minted({ request, context }: Caller, declared: ClientCapabilities): Promise<Target> {
    const { mintedIds, seals, upstreams } = this.#options;
    const params = request.params ?? {};
    const kind = mintedIds.find(({ field }) => params[field] !== undefined);
    if (kind === undefined) throw methodNotFound(request.method);
    requireExtension(kind, declared);
    const sent = params[kind.field];
    const opened = typeof sent === "string" ? await seals.ids.open(sent, context) : undefined;
    const upstream = opened && upstreams.get(opened.upstream);
    if (opened === undefined || upstream === undefined) {
      // Of a method that nobody described, only the upstream of its id could know.
      const isKnown = this.#options.described.has(request.method);
      throw isKnown ? unknownId(kind.field) : methodNotFound(request.method);
    }
    const own = { ...params, [kind.field]: opened.id };
    return { upstream, params: own, sent: sent as string, original: opened.id, by: "id" };
  }

  /** Finds the upstream that a URI is read from; absent for one that belongs to none. */
  async findUri(uri: string, caller: Caller): Promise<CarriedUri | undefined> {
    const { refresh, table } = this.#options;
    await refresh.ensure(resourceLists, caller);
    return this.#look(resourceLists, caller, () => table.uris.find(uri));
  }

  #upstream(name: string): Upstream {
    return this.#options.upstreams.get(name) as Upstream;
  }

  async #originOf(
    { list, noun }: Pick<NamedMethod, "list" | "noun">,
    name: string,
    caller: Caller,
  ): Promise<Origin> {
    const find = () => this.#options.table.names(list).origin(name);
    const origin = await this.#look([list], caller, find);
    if (origin !== undefined) return origin;
    this.#requireKnown([list], caller);
    throw invalidParams(`Unknown ${noun}: ${name}`);
  }

  /** Looks once, and once more after the lists were read again. */
  async #look<T>(
    lists: readonly ListName[],
    caller: Caller,
    find: () => T | undefined,
  ): Promise<T | undefined> {
    const found = find();
    if (found !== undefined) return found;
    await this.#options.refresh.refresh(lists, caller);
    return find();
  }

  /**
   * An upstream that was never heard of may have it, so nothing is said to be unknown before. Where
   * one asks for credentials first, the caller has to hear that, or would never sign in.
   */
  #requireKnown(lists: readonly ListName[], caller: Caller): void {
    const { table, refresh } = this.#options;
    const unknown = table.unknownUpstreams(lists);
    const [first] = unknown;
    if (first === undefined) return;
    const refusals = refresh.refusals(lists, caller);
    const refusing = unknown.find((upstream) => refusals.has(upstream));
    if (refusing !== undefined) throw refusals.get(refusing);
    throw new UpstreamError("unavailable", first, "What the upstream offers is not known yet");
  }
}

/**
 * Refuses ids of an extension that the client did not declare, before anything is told about them.
 *
 * @spec basic/versioning#extension-negotiation
 */
export function requireExtension({ extension }: MintedIdKind, declared: ClientCapabilities): void {
  if (extension === undefined) return;
  requireCapabilities({ extensions: { [extension]: {} } }, declared);
}
