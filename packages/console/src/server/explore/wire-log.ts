/** Keeps the last messages, and assigns them to runs. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { WireMessage, WirePart } from "./wire-message.ts";

export interface WireLog {
  readonly record: (part: WirePart) => void;
  /** Runs a function whose messages belong to a run. */
  readonly within: <T>(runId: number, run: () => T) => T;
  /** The run of the code that calls this, if there is one. */
  readonly currentRun: () => number | undefined;
  /** The kept messages of one run, or all of them, the oldest first. */
  readonly messages: (runId?: number) => readonly WireMessage[];
}

/** Maximum number of messages that are kept. */
const maxMessages = 2000;
/** Maximum length of the texts of all kept messages together, in characters. */
const maxTextsLength = 32 * 1024 * 1024;

export function createWireLog(onMessage: (message: WireMessage) => void): WireLog {
  const current = new AsyncLocalStorage<number>();
  const kept: WireMessage[] = [];
  let lastId = 0;
  let length = 0;
  return {
    record: (part) => {
      lastId += 1;
      const runId = current.getStore();
      const message = {
        ...part,
        id: lastId,
        at: Date.now(),
        ...(runId !== undefined && { runId }),
      };
      kept.push(message);
      length += part.text.length;
      while (kept.length > maxMessages || length > maxTextsLength) {
        length -= kept.shift()?.text.length ?? 0;
      }
      onMessage(message);
    },
    within: (runId, run) => current.run(runId, run),
    currentRun: () => current.getStore(),
    messages: (runId) =>
      runId === undefined ? kept : kept.filter((message) => message.runId === runId),
  };
}
