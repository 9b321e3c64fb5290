/**
 * A legacy client of a stdio server: `initialize` selects the revision for the messages that do not
 * carry the protocol fields of the current one.
 *
 * @spec basic/versioning#backward-compatibility-with-initialization-based-versions
 */
import type { RequestContext, Serve } from "../../protocol/exchange.ts";
import { isObject, type JSONObject } from "../../protocol/json.ts";
import type { JSONRPCNotification, JSONRPCRequest, Result } from "../../protocol/json-rpc.ts";
import { metaKeys } from "../../protocol/meta.ts";
import { initializeMethod } from "../../protocol/versioning.ts";

/** The legacy session of one process. */
export interface LegacyProcess {
  /** Serves a request of the session, or the one that opens it. */
  readonly serve: Serve;
  readonly notify: (notification: JSONRPCNotification) => void;
  /** Accepts the answer of the client to a request of the server. */
  readonly answer: (response: JSONObject) => void;
  /** Returns true when the revision of the session has batches. */
  readonly hasBatches: () => boolean;
  readonly close: () => void;
}

export interface LegacyProcessOptions {
  readonly serve: Serve;
  /** The legacy versions that are served, the newest first. */
  readonly versions: readonly string[];
  /** Sends a message to the client. */
  readonly send: (message: JSONObject) => void | Promise<void>;
  readonly onError: (error: unknown) => void;
  /** Called when the server has ended the subscriptions of the client. @default no callback */
  readonly onEnd?: (() => void) | undefined;
}

/** Loads the code for legacy clients. */
export type LoadLegacyProcess = () => Promise<{
  readonly createLegacyProcess: (options: LegacyProcessOptions) => LegacyProcess;
}>;

/** The messages of a client that belong to its legacy session. Loads the code for it on demand. */
export class StdioLegacy {
  readonly #load: () => Promise<LegacyProcess>;
  #process: Promise<LegacyProcess> | undefined;
  #loaded: LegacyProcess | undefined;

  constructor(options: LegacyProcessOptions, load: LoadLegacyProcess) {
    this.#load = async () => {
      this.#loaded = (await load()).createLegacyProcess(options);
      return this.#loaded;
    };
  }

  /** Returns true for a request of the session. `initialize` opens one. */
  takes({ method, params }: JSONRPCRequest): boolean {
    if (this.#process === undefined && method !== initializeMethod) return false;
    const meta = params?._meta;
    return !(isObject(meta) && meta[metaKeys.protocolVersion] !== undefined);
  }

  async serve(request: JSONRPCRequest, context: RequestContext): Promise<Result> {
    this.#process ??= this.#load();
    return (await this.#process).serve(request, context);
  }

  /** Passes on a notification, if a session is open. */
  notify(notification: JSONRPCNotification): void {
    void this.#process?.then((process) => process.notify(notification));
  }

  /** Passes on the answer to a request of the server. Returns false for any other value. */
  answer(value: unknown): boolean {
    if (this.#process === undefined || !isObject(value) || "method" in value) return false;
    if (!("result" in value || "error" in value)) return false;
    void this.#process.then((process) => process.answer(value));
    return true;
  }

  /**
   * Returns true for a batch of the revision that has them.
   *
   * @spec 2025-03-26/basic/index#batching
   */
  takesBatch(value: unknown): value is readonly unknown[] {
    return Array.isArray(value) && value.length > 0 && this.#loaded?.hasBatches() === true;
  }

  close(): void {
    void this.#process?.then((process) => process.close());
  }
}
