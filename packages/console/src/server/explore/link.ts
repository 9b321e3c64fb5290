/** The client of an Explore view. It is created by the first request, and for each chosen revision. */
import type { Client, ClientOptions } from "lutra/client";
import { ApiError } from "../api-error.ts";
import { messageOf } from "./run-call.ts";
import type { ConnectedClient, ExplorerOptions } from "./target.ts";

/** The state of the connection, for the page. */
export interface LinkState {
  /** The chosen revision. */
  readonly era: string;
  /** The reason why the last attempt to read the lists has failed. */
  readonly problem?: string;
}

export interface Link {
  readonly state: () => LinkState;
  readonly client: () => Promise<Client>;
  readonly setProblem: (problem: string | undefined) => void;
  /** @throws {ApiError} for an unknown revision */
  readonly reconnect: (era: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

export function createLink(
  { connect, era = "auto" }: ExplorerOptions,
  optionsOf: (era: string) => ClientOptions,
): Link {
  let state: LinkState = { era };
  let connected: Promise<ConnectedClient> | undefined;

  function open(): Promise<ConnectedClient> {
    connected ??= (async () => connect(optionsOf(state.era)))();
    return connected;
  }

  async function close(): Promise<void> {
    const before = connected;
    connected = undefined;
    await before?.then((opened) => opened.close()).catch(() => {});
  }

  return {
    state: () => state,
    client: async () => (await open()).client,
    setProblem: (problem) => {
      state = { era: state.era, ...(problem !== undefined && { problem }) };
    },
    reconnect: async (chosen) => {
      const before = state;
      await close();
      state = { era: chosen };
      try {
        await open();
      } catch (error) {
        connected = undefined;
        state = before;
        throw new ApiError(400, messageOf(error));
      }
    },
    close,
  };
}
