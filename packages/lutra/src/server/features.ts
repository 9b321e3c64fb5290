/**
 * The parts of a server that an entry point chooses, so that a bundle only contains the code of those
 * that its servers use.
 */
import type { Principal } from "../protocol/exchange.ts";
import type { Result } from "../protocol/json-rpc.ts";
import type { Method } from "../protocol/method.ts";
import type { JSONSchemaValidator } from "../schema/json-schema.ts";
import type { HandleStore } from "../stores/handle-store.ts";
import type { ReplayGuard } from "../stores/replay-guard.ts";
import type { ServedMethod } from "./admit.ts";
import type { Catalogues, CompileEntries } from "./catalogues.ts";
import type { RequestStates, RequestStatesOptions } from "./handler/request-state.ts";
import type { Execute, Round } from "./handler/round.ts";
import type { CompleteOptions } from "./server-options.ts";

export interface Features {
  /** Creates the validator of a server without the option. */
  readonly createValidator: () => JSONSchemaValidator;
  /** Executes the handlers. */
  readonly execute: Execute;
  readonly createStates: (options: RequestStatesOptions) => RequestStates;
  /** Creates the store for handles of a server without the option. */
  readonly createHandles: (options: { readonly now: () => number }) => HandleStore;
  /** Creates the guard of a server without the option. */
  readonly createReplayGuard: () => ReplayGuard;
  readonly entries: Entries;
}

/** The catalogues beside tools, and the methods that serve them. */
export interface Entries {
  readonly compile: CompileEntries;
  readonly methods: (init: MethodsInit) => readonly ServedMethod[];
  /** Returns true for a URI that the caller may subscribe to. */
  readonly mayFollow: (
    catalogues: Catalogues,
    uri: string,
    principal: Principal | undefined,
  ) => boolean;
}

export interface MethodsInit {
  readonly options: CompleteOptions;
  readonly catalogues: Catalogues;
  readonly serveRound: ServeRound;
}

/** Creates the function that serves a method, whose requests start a round. */
export type ServeRound = <Params>(
  method: Method<Params>,
  serve: (params: Params, round: Round) => Result | Promise<Result>,
  scopesOf: ServedMethod["scopesOf"] & {},
) => ServedMethod;
