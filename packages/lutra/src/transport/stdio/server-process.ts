/**
 * The process of one server across restarts, and the requests in flight on it.
 *
 * @spec basic/transports/stdio#unexpected-termination
 */
import type { RequestContext } from "../../protocol/exchange.ts";
import type { JSONRPCRequest, Result } from "../../protocol/json-rpc.ts";
import { type DecodedJSON, decodeJSON } from "../../protocol/json-text.ts";
import { TransportError } from "../../protocol/transport-error.ts";
import { abortError, unlessAborted } from "../../time/abort.ts";
import { delay } from "../../time/backoff.ts";
import type { ChildExit, ChildOptions } from "./child.ts";
import { Child } from "./child.ts";
import type { StdioTransportOptions } from "./options.ts";
import { PendingRequests } from "./pending-requests.ts";
import type { Restarts } from "./restarts.ts";
import { createRestarts } from "./restarts.ts";
import type { StdioCommand } from "./spawn-command.ts";
import { createStderrLog } from "./stderr-log.ts";

export class ServerProcess {
  readonly #command: StdioCommand;
  readonly #options: ChildOptions;
  readonly #maxLineValues: number;
  readonly #restarts: Restarts;
  readonly #pending: PendingRequests;
  readonly #closed = new AbortController();
  #child: Child | undefined;
  #starting: Promise<Child> | undefined;
  #closing: Promise<void> | undefined;
  #lastExit: TransportError | undefined;

  constructor(command: StdioCommand, options: Required<StdioTransportOptions>) {
    const { maxLineBytes, maxBufferedBytes, closeTimeoutMs } = options;
    this.#maxLineValues = options.maxLineValues;
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

  async serve(request: JSONRPCRequest, context: RequestContext): Promise<Result> {
    for (;;) {
      if (context.signal.aborted) throw abortError(context.signal);
      if (this.#closed.signal.aborted) throw closedError();
      const child = this.#child ?? (await unlessAborted(this.#start(), context.signal));
      // By now the process may have exited, or the request may have been aborted.
      if (child !== this.#child || context.signal.aborted) continue;
      return this.#pending.send(request, context, (json) => child.write(json));
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#closed.abort();
    this.#pending.rejectAll(closedError());
    const child = this.#child ?? (await this.#starting?.catch(() => undefined));
    await child?.stop();
  }

  #start(): Promise<Child> {
    this.#starting ??= this.#startLater().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async #startLater(): Promise<Child> {
    const waitMs = this.#restarts.nextDelayMs();
    if (waitMs === undefined) throw this.#tooManyRestarts();
    const { signal } = this.#closed;
    if (waitMs > 0) await delay(waitMs, signal).catch(() => {});
    if (signal.aborted) throw closedError();
    const child = await Child.start(this.#command, this.#options);
    void child.exited.then((exit) => this.#onExit(exit));
    child.setRef(false);
    this.#child = child;
    if (!signal.aborted) return child;
    await child.stop();
    throw closedError();
  }

  #receive(line: Uint8Array): void {
    const { value: message, excess } = this.#decode(line);
    if (excess !== undefined) this.#fail(excess);
    // Servers must not print to stdout, but some do. Their output is meant for people.
    else if (!this.#pending.receive(message)) this.#options.stderr.pushLine(line);
  }

  #decode(line: Uint8Array): DecodedJSON {
    try {
      return decodeJSON(decoder.decode(line), this.#maxLineValues, "maxLineValues");
    } catch {
      return { value: undefined, excess: undefined };
    }
  }

  /** Fails all requests, because it is unknown which of them a message answers that is not read. */
  #fail(expected: string): void {
    this.#pending.abandonAll(new TransportError("malformed", `message: ${expected}`));
  }

  #onExit(exit: ChildExit): void {
    this.#child = undefined;
    this.#restarts.record();
    this.#lastExit = new TransportError("closed", this.#describe(exit));
    this.#pending.rejectAll(this.#lastExit);
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
    return new TransportError("closed", message, { cause: this.#lastExit });
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function closedError(): TransportError {
  return new TransportError("closed", "The transport was closed");
}
