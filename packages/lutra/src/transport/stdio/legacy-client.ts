/**
 * The session with a server process that speaks an earlier revision. The code for it is loaded with
 * the first such server.
 *
 * @spec basic/transports/stdio#backward-compatibility
 */
import type { Serve } from "../../protocol/exchange.ts";
import { isObject } from "../../protocol/json.ts";
import type { JSONRPCRequest } from "../../protocol/json-rpc.ts";
import type { TransportError } from "../../protocol/transport-error.ts";
import { type AnswerRequest, type EraOptions, isModernEra, type ServerEra } from "../era.ts";
import type { StdioCommand } from "./spawn-command.ts";

/** The running server, for its session. */
export interface ProcessChannel {
  /** Writes one message. */
  readonly write: (json: string) => void;
  /** Sends `server/discover`, without a time limit. Resolves to true for a server of this revision. */
  readonly isModern: (signal: AbortSignal) => Promise<boolean>;
  /** Resolves when the process has exited, which may be before the session begins to open. */
  readonly exited: Promise<TransportError>;
}

/** The loaded code for one command. */
export interface LegacyProcessClient {
  /** Resolves to the era of the command, if it is fixed or remembered. */
  readonly expected: () => Promise<ServerEra | undefined>;
  /**
   * Opens a session for a request, or finds that the process speaks the current revision after all.
   *
   * @throws {TransportError} when the server answers neither
   */
  readonly open: (channel: ProcessChannel, request: JSONRPCRequest) => Promise<ServerEra>;
  readonly serve: Serve;
  readonly receive: (message: unknown) => void;
  readonly onExit: (error: TransportError) => void;
  readonly abandon: (requestState: string) => void;
  readonly remember: (era: ServerEra) => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface LegacyProcessInit extends EraOptions {
  readonly command: StdioCommand;
  /** Answers requests outside of a call. @default they belong to a call, or are refused */
  readonly answer?: AnswerRequest | undefined;
}

/** Loads the code for servers of earlier revisions. */
export type LoadProcessClient = () => Promise<{
  readonly createLegacyProcessClient: (init: LegacyProcessInit) => LegacyProcessClient;
}>;

/** The session of the running process, if it has one. */
export class LegacyProcess {
  /** True while the running process has a session. */
  isOpen = false;
  readonly #init: LegacyProcessInit;
  readonly #load: LoadProcessClient;
  #client: LegacyProcessClient | undefined;

  constructor(init: LegacyProcessInit, load: LoadProcessClient) {
    this.#init = init;
    this.#load = load;
  }

  /** True when the option `era` allows earlier revisions alone. */
  get isFixed(): boolean {
    const { era = "auto" } = this.#init;
    return era !== "auto" && !isModernEra(era);
  }

  /** Returns true when a process should begin with `initialize`. */
  async isExpected(): Promise<boolean> {
    const { era = "auto", verdicts } = this.#init;
    // Without these, a verdict exists only where a process has spoken an earlier revision before.
    if (!hasLoaded && verdicts === undefined && era === "auto") return false;
    return (await (await this.#loaded()).expected()) === "legacy";
  }

  /** Opens a session, or finds that the process speaks the current revision after all. */
  async open(channel: ProcessChannel, request: JSONRPCRequest): Promise<ServerEra> {
    const client = await this.#loaded();
    // Messages may arrive before the promise resolves.
    this.isOpen = true;
    let era: ServerEra | undefined;
    try {
      era = await client.open(channel, request);
      return era;
    } finally {
      this.isOpen = era === "legacy";
    }
  }

  readonly serve: Serve = async (request, context) =>
    (await this.#loaded()).serve(request, context);

  /** Passes on a message. Returns false for a value that is not one. */
  receive(message: unknown): boolean {
    if (!isObject(message) && !Array.isArray(message)) return false;
    this.#client?.receive(message);
    return true;
  }

  onExit(error: TransportError): void {
    this.isOpen = false;
    this.#client?.onExit(error);
  }

  abandon(requestState: string): void {
    this.#client?.abandon(requestState);
  }

  async close(): Promise<void> {
    await this.#client?.close();
  }

  async #loaded(): Promise<LegacyProcessClient> {
    hasLoaded = true;
    const { createLegacyProcessClient } = await this.#load();
    this.#client ??= createLegacyProcessClient(this.#init);
    return this.#client;
  }
}

/** True once a transport of this process has met a server that may be a legacy one. */
let hasLoaded = false;
