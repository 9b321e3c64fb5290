/**
 * The part of a handler's context that comes from its request alone: the caller, and notifications.
 */
import type { ClientCapabilities } from "../../protocol/capabilities.ts";
import type { Principal } from "../../protocol/exchange.ts";
import type { InputResponse } from "../../protocol/input-required.ts";
import { isOmitted, type JSONObject } from "../../protocol/json.ts";
import { isAtLeast, logMessageMethod } from "../../protocol/logging.ts";
import type { Implementation, RequestMeta } from "../../protocol/meta.ts";
import { progressNotification } from "../../protocol/progress.ts";
import type { HandleStore } from "../../stores/handle-store.ts";
import type { HandlerContext } from "./handler-context.ts";
import { type NotificationPlace, placed } from "./notification-place.ts";
import { PacedProgress } from "./paced-progress.ts";
import { inParallel } from "./parallel.ts";
import type { RoundInit } from "./round.ts";
import { quiet } from "./round-state.ts";

/** The members of a context that depend on no other round. */
type RequestMembers = Pick<
  HandlerContext,
  | "signal"
  | "principal"
  | "capabilities"
  | "clientInfo"
  | "meta"
  | "inputResponses"
  | "handleStore"
  | "state"
  | "progress"
  | "log"
  | "parallel"
>;

export class RequestContextMembers implements RequestMembers {
  readonly handleStore: HandleStore;
  readonly #init: RoundInit;
  readonly #requestMeta: RequestMeta;
  #isDone = false;
  #lastProgress = Number.NEGATIVE_INFINITY;
  #pacedProgress: PacedProgress | undefined;

  constructor(init: RoundInit) {
    this.handleStore = init.handles;
    this.#init = init;
    this.#requestMeta = init.context.meta as RequestMeta;
  }

  get signal(): AbortSignal {
    return this.#init.context.signal;
  }

  get principal(): Principal | undefined {
    return this.#init.context.principal;
  }

  get capabilities(): ClientCapabilities {
    return this.#requestMeta.capabilities;
  }

  get clientInfo(): Implementation | undefined {
    return this.#requestMeta.clientInfo;
  }

  get meta(): JSONObject {
    return this.#init.request.params?._meta as JSONObject;
  }

  get inputResponses(): { readonly [key: string]: InputResponse | undefined } {
    return this.#init.memory.answers;
  }

  get state(): unknown {
    return this.#init.memory.state;
  }

  // Functions, and not methods, so that a handler may destructure its context. Each is created when it
  // is read, because most handlers read few of them.

  get progress(): HandlerContext["progress"] {
    return (value) => {
      const { progressToken } = this.#requestMeta;
      const progress = typeof value === "number" ? { progress: value } : value;
      if (progressToken === undefined || this.#isDone) return;
      if (!Number.isFinite(progress.progress) || progress.progress <= this.#lastProgress) return;
      this.#lastProgress = progress.progress;
      this.#pacedProgress ??= new PacedProgress(this.#init.context, () => !this.#isDone);
      return this.#pacedProgress.send(progressNotification(progressToken, progress));
    };
  }

  get log(): HandlerContext["log"] {
    return (level, data, logger) => {
      const { logLevel } = this.#requestMeta;
      if (logLevel === undefined || this.#isDone || !isAtLeast(level, logLevel)) return;
      // The data of a message is required, also where JSON would leave it out.
      const params = {
        level,
        data: isOmitted(data) ? null : data,
        ...(typeof logger === "string" && { logger }),
      };
      const message = { jsonrpc: "2.0", method: logMessageMethod, params } as const;
      return this.#init.context.notify(placed(message, this.notificationPlace));
    };
  }

  get parallel(): HandlerContext["parallel"] {
    return (items, options, work) => quiet(inParallel(items, options, work));
  }

  /** The place of a notification that is sent now. A handler that is not replayed repeats nothing. */
  protected get notificationPlace(): NotificationPlace {
    return "new";
  }

  /** True when the handler has ended. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Ends the round: no more notifications are sent. */
  done(): void {
    this.#isDone = true;
  }
}
