/**
 * The parts of a server that an entry point chooses, so that a bundle only contains the code of those
 * that its servers use.
 */
import type { Principal } from "../protocol/exchange.ts";
import type { Result } from "../protocol/json-rpc.ts";
import type { Method } from "../protocol/method.ts";
import type { JSONSchemaValidator } from "../schema/json-schema.ts";
import type { AdmittedMethod, ServedMethod } from "./admit.ts";
import type { Catalogues, CompileEntries } from "./catalogues.ts";
import type { InstalledExtension } from "./extension.ts";
import type { AcceptMembers } from "./filter-member.ts";
import type { Round } from "./handler/round.ts";
import type { Runtime, RuntimeFeatures } from "./runtime.ts";
import type { CompleteOptions } from "./server-options.ts";
import type { AnswerToolCall } from "./tool-call.ts";

export interface Features extends RuntimeFeatures {
  /** Creates the validator of a server without the option. */
  readonly createValidator: () => JSONSchemaValidator;
  readonly entries: Entries;
  readonly extensions: ExtensionSupport;
}

/** The parts of a server that its extensions can use. */
export interface HostParts {
  readonly options: CompleteOptions;
  readonly runtime: Runtime;
  readonly catalogues: Catalogues;
}

export interface ExtensionSupport {
  /**
   * Installs the extensions of the options, and passes their parts to `use`.
   *
   * @throws {TypeError} for a list that can't be installed
   */
  readonly install: <T>(
    parts: HostParts,
    use: (extensions: readonly InstalledExtension[]) => T,
  ) => T;
  readonly toolCallsOf: (extensions: readonly InstalledExtension[]) => AnswerToolCall | undefined;
  /** Returns the methods of the extensions. */
  readonly methodsOf: (
    extensions: readonly InstalledExtension[],
    options: CompleteOptions,
  ) => readonly AdmittedMethod[];
  /** Returns the function that accepts the filter members of the extensions. */
  readonly filterOf: (extensions: readonly InstalledExtension[]) => AcceptMembers;
  readonly close: (extensions: readonly InstalledExtension[]) => Promise<void>;
}

/** The catalogues beside tools, and the methods that serve them. */
export interface Entries {
  readonly compile: CompileEntries;
  readonly methods: (init: MethodsInit) => readonly ServedMethod[];
  /** Returns the resources that exist, and whose updates the caller may follow. */
  readonly followable: (
    catalogues: Catalogues,
    uris: readonly string[],
    principal: Principal | undefined,
  ) => readonly string[] | Promise<readonly string[]>;
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
