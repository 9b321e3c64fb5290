/** A server behind the gateway, whatever it is made of. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ProtocolError, Serve, Tool } from "lutra/protocol";
import type { ExchangeRecord } from "../exchange-record.ts";
import type { Head } from "../head/head.ts";

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

/** One request that passes through. */
export interface Forward {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly head: Head;
  readonly record: ExchangeRecord;
  /** Answers in place of the upstream. `body` is the request's, where it has come as a whole. */
  readonly refuse: (forward: Forward, error: ProtocolError, body?: Buffer | null) => void;
  /** Gets a copy of the request; its answer is dropped. */
  readonly shadow?: Upstream | undefined;
}

/** A request that is sent once more, to an upstream whose answer nobody waits for. */
export interface RequestCopy {
  readonly head: Head;
  readonly body: Uint8Array | null;
}

export interface UpstreamStatus {
  readonly name: string;
  readonly kind: "url" | "command" | "module";
  readonly inFlight: number;
  readonly queued: number;
  readonly replicas: readonly ReplicaStatus[];
}

export interface ReplicaStatus {
  readonly name: string;
  /** Where it is, for operators; never shown to clients. */
  readonly address?: string | undefined;
  /** `out` gets no requests, `warming` fewer than its share. */
  readonly state: "up" | "warming" | "out" | "starting";
  readonly inFlight: number;
  /** Failures in a row. */
  readonly failures: number;
  /** What went wrong last. */
  readonly lastError?: string | undefined;
  readonly pid?: number | undefined;
}
