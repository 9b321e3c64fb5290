/**
 * The order in which a view receives its tool call: partial arguments, the arguments, the outcome.
 *
 * @spec ext-apps/apps#notifications-host-view
 */
import type { JSONObject } from "../../../protocol/json.ts";
import type { CallToolResult } from "../../../protocol/tools.ts";
import type { AppNotification } from "../../protocol/app-method.ts";
import {
  toolCancelled,
  toolInput,
  toolInputPartial,
  toolResultReady,
} from "../../protocol/host-messages.ts";

/** The parts of a tool call. Until the view is ready, they are kept. */
export interface ToolFeed {
  /** Arguments that the model has written so far. Only the last ones are kept. */
  readonly partialInput: (args: JSONObject) => void;
  /**
   * The complete arguments.
   *
   * @throws {TypeError} when called twice
   */
  readonly input: (args: JSONObject) => void;
  /**
   * The result of the call. A result before the arguments waits for them.
   *
   * @throws {TypeError} after another outcome
   */
  readonly result: (result: CallToolResult) => void;
  /**
   * No result follows.
   *
   * @throws {TypeError} after another outcome
   */
  readonly cancelled: (reason?: string) => void;
}

type Notify = <Params extends object>(
  notification: AppNotification<Params>,
  params: Params,
) => void;

/** A feed, and the function that starts it for a view that has initialized. */
export interface StartedFeed extends ToolFeed {
  /** Sends what is known. A page that was loaded again receives it again. */
  readonly start: () => void;
  /** Keeps further parts until the next start. */
  readonly pause: () => void;
}

export function createToolFeed(notify: Notify): StartedFeed {
  let isReady = false;
  let partial: JSONObject | undefined;
  let input: JSONObject | undefined;
  let outcome: (() => void) | undefined;

  function requireNoOutcome(): void {
    if (outcome !== undefined) throw new TypeError("the call already has an outcome");
  }

  function end(send: () => void): void {
    requireNoOutcome();
    outcome = send;
    if (isReady && input !== undefined) send();
  }

  const sendPartial = (args: JSONObject) => notify(toolInputPartial, { arguments: args });

  return {
    partialInput: (args) => {
      if (input !== undefined) throw new TypeError("partialInput: expected no call after input");
      partial = args;
      if (isReady) sendPartial(args);
    },
    input: (args) => {
      if (input !== undefined) throw new TypeError("input: expected one call");
      input = args;
      if (!isReady) return;
      notify(toolInput, { arguments: args });
      outcome?.();
    },
    result: ({ resultType: _, ...result }) => end(() => notify(toolResultReady, result)),
    cancelled: (reason) => end(() => notify(toolCancelled, reason === undefined ? {} : { reason })),
    start: () => {
      isReady = true;
      if (input === undefined) {
        if (partial !== undefined) sendPartial(partial);
        return;
      }
      notify(toolInput, { arguments: input });
      outcome?.();
    },
    pause: () => {
      isReady = false;
    },
  };
}
