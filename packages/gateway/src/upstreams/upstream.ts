/** A server behind the gateway: over HTTP, over stdio, or a module in processes of the gateway. */
import type { Principal, ProtocolError, Serve, Tool } from "lutra/protocol";
import type { ListedTask } from "lutra/stores";
import type { RequestCopy } from "../delivery/deliver-copy.ts";
import type { Spliced } from "../delivery/deliver-spliced.ts";
import type { Forward } from "../delivery/deliver-stream.ts";
import type { Fleet, Recipient } from "../delivery/fleet.ts";
import type { Head } from "../head/head.ts";
import type { ReplicaStatus } from "../replicas/replica.ts";

export interface Upstream {
  readonly name: string;
  /**
   * Answers a parsed request: balanced over the replicas, bounded, and retried where that does no
   * harm. Rejects with the upstream's error, or with an `UpstreamError`.
   */
  readonly serve: Serve;
  /**
   * Passes a request through without parsing its body, and streams the answer back. Always answers,
   * if need be with `refuse`. Absent for an upstream that does not speak HTTP.
   */
  readonly forward?: ((forward: Forward) => void) | undefined;
  /**
   * Sends a request whose name was replaced in its bytes. Absent for an upstream that needs a token of
   * the gateway, or does not speak HTTP.
   */
  readonly splice?: ((spliced: Spliced) => void) | undefined;
  /**
   * Sends a request in the open session of its caller with a server of an earlier revision, unparsed
   * where possible. Absent for an upstream that needs a token of the gateway, and for one without such
   * sessions over HTTP.
   */
  readonly pass?: ((spliced: Spliced) => void) | undefined;
  /**
   * Returns true while a request may reach a server of an earlier revision, which must not get it
   * unread. Absent for an upstream that speaks the current one.
   */
  readonly mustServe?: (() => boolean) | undefined;
  /**
   * Resolves when the first health check has told whether requests may be forwarded. Returns undefined
   * from then on. Absent for an upstream that speaks the current revision.
   */
  readonly untilKnown?: (() => Promise<void> | undefined) | undefined;
  /**
   * Returns true if the gateway has the token for a request already. Otherwise the request must be
   * served, which waits for the token. Absent for an upstream that needs none.
   */
  readonly hasToken?: ((head: Head, caller: Principal | undefined) => boolean) | undefined;
  /**
   * Sends a copy of a request that another upstream answers, and discards the answer. Drops the copy
   * when too many are in flight. Never throws. Absent for an upstream that does not speak HTTP.
   */
  readonly copy?: ((copy: RequestCopy) => void) | undefined;
  /** Returns a tool from the last `tools/list`, for its annotations and mirrored headers. */
  readonly tool: (name: string) => Tool | undefined;
  /** Returns a tool once a pending list has arrived. Absent if there is no list to wait for. */
  readonly findTool?: ((name: string) => Promise<Tool | undefined>) | undefined;
  /** Returns true once the list of tools has been fetched. Absent if there is no list to wait for. */
  readonly hasToolList?: (() => boolean) | undefined;
  /** Marks the list of tools as stale. */
  readonly forget?: (() => void) | undefined;
  /** Present if the configuration hides some of its entries. `serve` hides them; `forward` can't. */
  readonly visibility?: Visibility | undefined;
  /** Returns true while health checks report that no replica is available. @default never */
  readonly isOut?: (() => boolean) | undefined;
  /** Maximum time that a merged result waits for this upstream, in milliseconds. */
  readonly partMs?: number | undefined;
  /**
   * Takes a replica out of service, or returns it. Returns false if no replica has the name. Absent
   * for an upstream that is a single process.
   */
  readonly setDrained?: ((replica: string, isDrained: boolean) => boolean) | undefined;
  /** Returns up to `limit` tasks of its store. Absent if the gateway does not know the store. */
  readonly listTasks?: ((limit: number) => Promise<readonly ListedTask[]>) | undefined;
  readonly status: () => UpstreamStatus;
  /** Resolves with true when a replica answers, and with false after `timeoutMs`. */
  readonly ready: (timeoutMs: number) => Promise<boolean>;
  /** Accepts no more requests, waits up to `graceMs` for those in flight, and releases everything. */
  readonly close: (graceMs: number) => Promise<void>;
  /**
   * Announces the close: processes that the gateway runs end their subscriptions, and are not
   * replaced when they die. Requests are still answered.
   */
  readonly drain?: (() => void) | undefined;
}

/** The rules for entries that the configuration hides. */
export interface Visibility {
  /** Returns the error for a request that names a hidden entry. */
  readonly refusal: (head: Pick<Head, "method" | "name">) => ProtocolError | undefined;
}

export interface UpstreamStatus {
  readonly name: string;
  readonly kind: "url" | "command" | "module";
  readonly inFlight: number;
  /** Those of the exchanges in flight that are subscriptions of the gateway itself. */
  readonly ownSubscriptions: number;
  readonly queued: number;
  readonly replicas: readonly ReplicaStatus[];
  /** The reason why a host of the upstream can't be resolved. Undefined if all can. */
  readonly lookupError?: string | undefined;
}

export function statusOf<R extends Recipient & { readonly status: () => ReplicaStatus }>(
  fleet: Fleet<R>,
  kind: UpstreamStatus["kind"],
  lookupError?: string,
): UpstreamStatus {
  const { name, inFlight, ownSubscriptions, gate, replicas } = fleet;
  const all = replicas.all.map((replica) => replica.status());
  const status = { name, kind, inFlight, ownSubscriptions, queued: gate.queued, replicas: all };
  return lookupError === undefined ? status : { ...status, lookupError };
}
