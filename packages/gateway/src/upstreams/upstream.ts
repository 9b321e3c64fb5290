/** A server behind the gateway, whatever it is made of. */
import type { Serve, Tool } from "lutra/protocol";
import type { Forward, RequestCopy } from "../delivery/forward.ts";
import type { ReplicaStatus } from "../replicas/replica.ts";

export interface Upstream {
  readonly name: string;
  /**
   * Answers a request that was read: balanced over the replicas, bounded, tried again where that
   * does no harm. Rejects with what the upstream said, or with an `UpstreamError`.
   */
  readonly serve: Serve;
  /**
   * Passes a request on without reading its body, and the answer back. Absent where no HTTP is
   * spoken. Answers in any case, if need be with `refuse`.
   */
  readonly forward?: ((forward: Forward) => void) | undefined;
  /**
   * Sends a copy of a request that another upstream answers; what comes back is dropped, and so is
   * the copy when too many are under way. Never throws. Absent where copies make no sense.
   */
  readonly copy?: ((copy: RequestCopy) => void) | undefined;
  /** What is known of a tool from the last `tools/list`, for annotations and mirrored headers. */
  readonly tool: (name: string) => Tool | undefined;
  /** The same, after a list that is on its way or due; absent where there is nothing to wait for. */
  readonly findTool?: ((name: string) => Promise<Tool | undefined>) | undefined;
  /** Says that the list of tools may have changed. */
  readonly forget?: (() => void) | undefined;
  readonly status: () => UpstreamStatus;
  /** Resolves when a replica answers, at the latest after `timeoutMs`. Says whether one does. */
  readonly ready: (timeoutMs: number) => Promise<boolean>;
  /** Takes no more requests, waits for those under way as long as `graceMs`, and frees everything. */
  readonly close: (graceMs: number) => Promise<void>;
  /**
   * Says that the end is near: what the gateway itself runs ends its subscriptions, and is not
   * replaced when it dies. Requests are still answered.
   */
  readonly drain?: (() => void) | undefined;
}

export interface UpstreamStatus {
  readonly name: string;
  readonly kind: "url" | "command" | "module";
  readonly inFlight: number;
  readonly queued: number;
  readonly replicas: readonly ReplicaStatus[];
}
