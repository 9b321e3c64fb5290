/**
 * The process of one server across restarts, and the requests in flight on it.
 *
 * @spec basic/transports/stdio#unexpected-termination
 */
import { EarlierRevisionError } from "../../protocol/earlier-revision.ts";
import type { RequestContext } from "../../protocol/exchange.ts";
import { isObject } from "../../protocol/json.ts";
import type { JSONRPCRequest, Result } from "../../protocol/json-rpc.ts";
import { type DecodedJSON, decodeJSON } from "../../protocol/json-text.ts";
import { TransportError } from "../../protocol/transport-error.ts";
import { abortError, unlessAborted } from "../../time/abort.ts";
import { delay } from "../../time/backoff.ts";
import { maxTimerMs } from "../../time/max-timer.ts";
import type { ServerEra } from "../era.ts";
import type { ChildExit, ChildOptions } from "./child.ts";
import { Child } from "./child.ts";
import { type Probed, probeDiscover } from "./era-probe.ts";
import type { LegacyProcess, ProcessChannel } from "./legacy-client.ts";
import type { CompleteTransportOptions } from "./options.ts";
import { PendingRequests } from "./pending-requests.ts";
import type { Restarts } from "./restarts.ts";
import { createRestarts } from "./restarts.ts";
import type { StdioCommand } from "./spawn-command.ts";
import { createStderrLog } from "./stderr-log.ts";

export class ServerProcess {
  readonly #command: StdioCommand;
  readonly #options: ChildOptions;
  readonly #maxLineValues: number;
  readonly #probeTimeoutMs: number;
  readonly #restarts: Restarts;
  readonly #pending: PendingRequests;
  readonly #closed = new AbortController();
  #child: Child | undefined;
  #starting: Promise<Child> | undefined;
  #closing: Promise<void> | undefined;
  #lastExit: TransportError | undefined;
  /** The error of all requests to the running server, if it speaks no revision that `era` allows. */
  #refusal: Error | undefined;
  /** Settles when the processes that the last server has left behind have ended. */
  #ended: Promise<void> | undefined;

  readonly #legacy: LegacyProcess | undefined;
  /** Number of requests in flight in the session. */
  #inSession = 0;
  /** True once the running server has answered in the current revision. */
  #isModern = false;
  /** True when a process has exited during its probe, so that the next one begins otherwise. */
  #mustInitialize = false;
  /**
   * True when a server of both eras has started so slowly that it also got `initialize`, and selected
   * the earlier one. The next process gets `server/discover` alone, and more time to answer it.
   */
  #mustDiscover = false;

  constructor(
    command: StdioCommand,
    options: CompleteTransportOptions,
    legacy: LegacyProcess | undefined,
  ) {
    this.#legacy = legacy;
    const { maxLineBytes, maxBufferedBytes, closeTimeoutMs } = options;
    this.#maxLineValues = options.maxLineValues;
    this.#probeTimeoutMs = options.probeTimeoutMs;
    this.#command = command;
    this.#restarts = createRestarts(options.restarts);
    this.#pending = new PendingRequests((size) => this.#child?.setRef(size > 0));
    this.#options = {
      stderr: createStderrLog(options.stderr),
      onLine: (line) => this.#receive(line),
      onTooLong: () => this.#fail(`expected at most ${maxLineBytes} bytes (maxLineBytes)`),
      maxLineBytes,
      maxBufferedBytes,
      closeTimeoutMs,
    };
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get era(): ServerEra | undefined {
    if (this.#legacy?.isOpen) return "legacy";
    return this.#isModern ? "modern" : undefined;
  }

  async serve(request: JSONRPCRequest, context: RequestContext): Promise<Result> {
    for (;;) {
      const child = this.#child ?? (await this.#run(request, context.signal));
      if (context.signal.aborted) throw abortError(context.signal);
      if (this.#closed.signal.aborted) throw closedError();
      // By now the process may have exited.
      if (child !== this.#child) continue;
      if (this.#refusal !== undefined) throw this.#refusal;
      if (this.#legacy?.isOpen) return this.#serveLegacy(child, this.#legacy, request, context);
      return this.#pending.send(request, context, (json) => child.write(json));
    }
  }

  /** Starts the process for a request, unless it runs. Does not send the request. */
  async start(request: JSONRPCRequest, signal: AbortSignal): Promise<void> {
    if (this.#child === undefined) await this.#run(request, signal);
  }

  #run(request: JSONRPCRequest, signal: AbortSignal): Promise<Child> {
    if (signal.aborted) throw abortError(signal);
    if (this.#closed.signal.aborted) throw closedError();
    return unlessAborted(this.#start(request), signal);
  }

  async #serveLegacy(
    child: Child,
    legacy: LegacyProcess,
    request: JSONRPCRequest,
    context: RequestContext,
  ): Promise<Result> {
    this.#inSession += 1;
    child.setRef(true);
    try {
      return await legacy.serve(request, context);
    } finally {
      this.#inSession -= 1;
      child.setRef(this.#inSession > 0);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#closed.abort();
    this.#pending.rejectAll(closedError());
    await this.#legacy?.close();
    const child = this.#child ?? (await this.#starting?.catch(() => undefined));
    await child?.stop();
    await this.#ended;
  }

  #start(request: JSONRPCRequest): Promise<Child> {
    this.#starting ??= this.#startLater(request).finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async #startLater(request: JSONRPCRequest): Promise<Child> {
    const waitMs = this.#restarts.nextDelayMs();
    if (waitMs === undefined) throw this.#tooManyRestarts();
    const { signal } = this.#closed;
    if (waitMs > 0) await delay(waitMs, signal).catch(() => {});
    if (signal.aborted) throw closedError();
    const child = await Child.start(this.#command, this.#options);
    let exit: TransportError | undefined;
    void child.exited.then((how) => {
      this.#ended = child.stop();
      exit = this.#onExit(how);
    });
    try {
      await this.#probe(child, request);
    } catch (error) {
      await child.stop();
      throw error;
    }
    if (this.#mustDiscover && this.#legacy?.isOpen && this.#restarts.mayRestart()) {
      await child.stop();
      return this.#startLater(request);
    }
    if (signal.aborted) {
      await child.stop();
      throw closedError();
    }
    if (exit !== undefined) {
      if (this.#legacy === undefined || this.#mustInitialize) throw exit;
      // Some servers exit when they get anything before `initialize`.
      this.#mustInitialize = true;
      return this.#startLater(request).catch(() => {
        this.#mustInitialize = false;
        throw exit;
      });
    }
    child.setRef(false);
    this.#child = child;
    return child;
  }

  /** Detects whether the server speaks an earlier revision, before it gets a request. */
  async #probe(child: Child, request: JSONRPCRequest): Promise<void> {
    const timeoutMs = this.#mustDiscover ? slowStartMs : this.#probeTimeoutMs;
    const { signal } = this.#closed;
    if (timeoutMs === 0 || signal.aborted) return;
    let hasExited = false;
    void child.exited.then(() => {
      hasExited = true;
    });
    const isExpected = this.#mustInitialize || (await this.#legacy?.isExpected()) === true;
    if (isExpected && (await this.#openSession(child, request)) === "legacy") return;
    // A process that has exited answers no further request.
    if (!hasExited && this.#refusal === undefined) await this.#discover(child, request, timeoutMs);
  }

  /** Sends `server/discover`, and then `initialize` unless the answer is that of a modern server. */
  async #discover(child: Child, request: JSONRPCRequest, timeoutMs: number): Promise<void> {
    const { signal } = this.#closed;
    const { params } = request;
    const meta = isObject(params?._meta) ? params._meta : {};
    const probed = { send: this.#probeSender(child), signal, timeoutMs };
    const outcome = await probeDiscover(probed, meta);
    this.#isModern = outcome === undefined;
    if (outcome === undefined) return;
    let isLate = false;
    const isModern: ProcessChannel["isModern"] = async (limited) => {
      const late = { ...probed, signal: limited, timeoutMs: maxTimerMs };
      const answered = outcome === "silent" && (await probeDiscover(late, meta)) === undefined;
      // A probe that was ended has no outcome, either.
      if (answered && !limited.aborted) isLate = true;
      return answered;
    };
    const era = await this.#openSession(child, request, isModern);
    this.#mustDiscover = era === "legacy" && isLate && !this.#mustDiscover;
    // Without evidence, the server is taken at its word once it answers a request.
    this.#isModern = era === "modern" || (era === undefined && outcome === "unclear");
    if (era !== undefined || outcome === "unclear") return;
    if (outcome === "silent") this.#options.stderr.pushLine(encoder.encode(silence(timeoutMs)));
    else this.#refusal = new EarlierRevisionError(`The server "${this.#command.command}"`, outcome);
  }

  /** Sends `initialize`. Resolves to undefined when the server does not accept it. */
  async #openSession(
    child: Child,
    request: JSONRPCRequest,
    isModern: ProcessChannel["isModern"] = async () => false,
  ): Promise<ServerEra | undefined> {
    let isRunning = true;
    const exited = child.exited.then((exit) => {
      isRunning = false;
      return this.#exitError(exit);
    });
    const channel = { write: (json: string) => child.write(json), isModern, exited };
    return this.#legacy?.open(channel, request).catch((error: Error) => {
      if (isRunning && this.#legacy?.isFixed === true) this.#refusal = error;
      return undefined;
    });
  }

  #probeSender(child: Child): Probed["send"] {
    return (request, limited) => {
      let isSent = false;
      return this.#pending.send(request, { signal: limited, notify: () => {} }, (json) => {
        // A late answer is ignored, and needs no cancellation.
        if (!isSent) child.write(json);
        isSent = true;
      });
    };
  }

  #receive(line: Uint8Array): void {
    const { value: message, excess } = this.#decode(line);
    if (excess !== undefined) this.#fail(excess);
    else if (this.#takes(message)) return;
    // Servers must not print to stdout, but some do. Their output is meant for people.
    else this.#options.stderr.pushLine(line);
  }

  /** Assigns a message. Returns false for a value that is not one. */
  #takes(message: unknown): boolean {
    // While both are tried, the ids of their responses differ.
    const isProbe = this.#pending.isAnswer(message);
    return this.#legacy?.isOpen && !isProbe
      ? this.#legacy.receive(message)
      : this.#pending.receive(message);
  }

  #decode(line: Uint8Array): DecodedJSON {
    try {
      return decodeJSON(decoder.decode(line), this.#maxLineValues, "maxLineValues");
    } catch {
      return { value: undefined, excess: undefined };
    }
  }

  /** Fails all requests, because it is unknown which of them the unread message answers. */
  #fail(expected: string): void {
    const error = new TransportError("malformed", `message: ${expected}`);
    this.#pending.abandonAll(error);
    // A session does not outlive a message that may have answered any of its requests.
    if (this.#legacy?.isOpen) void this.#child?.stop();
  }

  #onExit(exit: ChildExit): TransportError {
    const error = this.#exitError(exit);
    this.#child = undefined;
    this.#refusal = undefined;
    this.#lastExit = error;
    this.#restarts.record();
    this.#isModern = false;
    this.#pending.rejectAll(error);
    this.#legacy?.onExit(error);
    return error;
  }

  #exitError(exit: ChildExit): TransportError {
    return new TransportError("closed", this.#describe(exit));
  }

  #describe({ code, signal }: ChildExit): string {
    const how = signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
    const lines = this.#options.stderr.lastLines();
    const output = lines.length === 0 ? "" : `; its last output was:\n${lines.join("\n")}`;
    return `The server "${this.#command.command}" ${how}${output}`;
  }

  #tooManyRestarts(): TransportError {
    const { limits } = this.#restarts;
    const message = `The server "${this.#command.command}" exited more than ${limits}. ${this.#lastExit?.message}`;
    const retryAfterMs = this.#restarts.blockedMs();
    return new TransportError("closed", message, { cause: this.#lastExit, retryAfterMs });
  }
}

/** Maximum time for `server/discover` of a server that is known to start slowly, in milliseconds. */
const slowStartMs = 60_000;

const decoder = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

/** Returns the line for a server that is still starting, or that waits for `initialize`. */
function silence(ms: number): string {
  return (
    `lutra: the server has not answered server/discover for ${ms / 1000} s; it is still starting, ` +
    "or speaks an earlier revision of MCP, which begins with initialize"
  );
}

function closedError(): TransportError {
  return new TransportError("closed", "The transport was closed");
}
