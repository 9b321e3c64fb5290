/** The memory that one parsed response takes from the budget of all responses. */
import type { RequestContext } from "lutra/protocol";
import { recordOf } from "../exchange-record.ts";
import type { Replica } from "../replicas/replica.ts";
import type { Delivery } from "./delivery.ts";
import { freeBytes, type ResponseBudget, type Share } from "./response-budget.ts";
import { type ResponseHeaders, textOf } from "./response-status.ts";
import { failureOf, phaseError } from "./upstream-error.ts";

/** Maximum declared length for which memory is taken in advance, that of the longest response, in bytes. */
const maxDeclaredBytes = 67_108_864;

export interface ExchangeMemoryInit {
  /** The name of the upstream. */
  readonly upstream: string;
  readonly responses: ResponseBudget;
  readonly delivery: Pick<Delivery<Replica>, "stage" | "waitFor" | "refuse">;
  /** Ends the response. */
  readonly abort: (error: Error) => void;
}

export class ExchangeMemory {
  readonly #init: ExchangeMemoryInit;
  /** The size that the head of the response declares, in bytes. */
  #declaredBytes: number | undefined;
  /** The memory of a response that is not small. */
  #share: Share | undefined;

  constructor(init: ExchangeMemoryInit) {
    this.#init = init;
  }

  /** Reads the length that a response declares. */
  declare(headers: ResponseHeaders): void {
    const length = Number(textOf(headers["content-length"]));
    this.#declaredBytes = length <= maxDeclaredBytes ? length : undefined;
  }

  /** Waits for memory if the part that was read is not small. */
  grow(bytes: number): Promise<void> | undefined {
    if (bytes <= freeBytes) return undefined;
    const { upstream, responses, delivery, abort } = this.#init;
    this.#share ??= responses.share();
    const granted = this.#share.fit(bytes, this.#declaredBytes);
    return granted?.then((isGranted) => {
      if (isGranted) {
        if (delivery.stage === "answering") delivery.waitFor("idle");
        return;
      }
      delivery.refuse(failureOf(upstream, "memory"));
      abort(phaseError("total"));
    });
  }

  /**
   * Leaves the memory to the exchange of the client, which releases it when its own response has been
   * sent. The gateway keeps no response of its own requests.
   */
  hold(context: RequestContext): void {
    const share = this.#share;
    if (share === undefined) return;
    const record = recordOf(context);
    if (record === undefined || record.isCopy || record.ms > 0) share.release();
    else record.shares = [...(record.shares ?? []), share];
  }

  release(): void {
    this.#share?.release();
  }
}
