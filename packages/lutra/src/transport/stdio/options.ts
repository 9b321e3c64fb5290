/** Options of both ends of stdio, completed once. */
import type { Readable, Writable } from "node:stream";
import type { Principal, Serve } from "../../protocol/exchange.ts";
import { isolate } from "../../protocol/isolate.ts";
import { defaultMaxValues } from "../../protocol/json-text.ts";
import { requireObject } from "../../protocol/known-members.ts";
import { legacyVersionsOf } from "../../protocol/versioning.ts";
import { type EraOptions, requireEraOptions } from "../era.ts";
import { defaultMaxBufferedBytes } from "./line-writer.ts";
import { defaultMaxLineBytes } from "./lines.ts";
import type { RestartOptions } from "./restarts.ts";
import type { StderrOption } from "./stderr-log.ts";

export interface StdioTransportOptions extends EraOptions {
  /** Destination of the server's `stderr`, and of `stdout` lines that are not messages. @default "inherit" */
  readonly stderr?: StderrOption;
  /** Limits on restarts of a server that exited. @default 5 times in 30 seconds */
  readonly restarts?: RestartOptions;
  /**
   * Maximum time that `close` waits for the server to exit, in milliseconds: once after closing its
   * input, and once more after `SIGTERM`. `SIGKILL` follows.
   *
   * @default 2000
   */
  readonly closeTimeoutMs?: number;
  /**
   * Maximum time that the first request of a server process waits for the answer to
   * `server/discover`, in milliseconds. A server that refuses it, or has not answered by then, may
   * speak an earlier revision, and gets `initialize`. 0 sends neither. @default 3000
   */
  readonly probeTimeoutMs?: number | undefined;
  /** Maximum size of a message; a longer one fails the requests in flight. @default 16 MiB */
  readonly maxLineBytes?: number;
  /**
   * Maximum number of keys and values in a message, about; one with more fails the requests in
   * flight. @default 100000
   */
  readonly maxLineValues?: number;
  /** Requests are rejected while more than this waits for the server to read. @default 64 MiB */
  readonly maxBufferedBytes?: number;
}

export interface StdioServerOptions {
  /**
   * The source of requests. Any byte stream works, for example a socket.
   *
   * @default process.stdin
   */
  readonly input?: Readable;
  /**
   * The destination of messages. While it is `process.stdout`, other output to `stdout`, for
   * example by `console.log`, goes to `stderr`.
   *
   * @default process.stdout
   */
  readonly output?: Writable;
  /**
   * The principal of all requests. A stdio server has one client, which started it, and takes its
   * credentials from the environment.
   *
   * @default none
   * @spec basic/authorization/index#protocol-requirements
   */
  readonly principal?: Principal | undefined;
  /** Requests that run at once. Further ones wait; when as many wait, reading pauses. @default 1024 */
  readonly maxInFlight?: number;
  /** Maximum size of a message; a longer one is answered with a parse error. @default 16 MiB */
  readonly maxLineBytes?: number;
  /**
   * Maximum number of keys and values in a message, about. A message with more is refused before
   * it is decoded. @default 100000
   */
  readonly maxLineValues?: number;
  /** The server closes when more than this waits for a client that does not read. @default 64 MiB */
  readonly maxBufferedBytes?: number;
  /**
   * Maximum time that `close` waits for requests in flight to end, and for output to be written, in
   * milliseconds. @default 1000
   */
  readonly graceMs?: number;
  /**
   * The protocol versions that are served, with the current one among them. A client of an earlier
   * one opens its session with `initialize`.
   *
   * @default all versions that this library knows
   */
  readonly versions?: readonly string[];
  /** Called with errors whose cause the client is not told. @default writes to `console.error` */
  readonly onError?: (error: unknown) => void;
}

/** The part of a server that `serveStdio` uses. */
export interface StdioServer {
  readonly serve: Serve;
  /** Ends subscriptions, each with its result. */
  readonly close: () => Promise<void>;
}

/** The options of a transport with every default filled in. */
export type CompleteTransportOptions = Required<
  Omit<StdioTransportOptions, keyof EraOptions> & { readonly probeTimeoutMs: number }
> &
  Pick<EraOptions, "era" | "verdicts">;

/** @throws {TypeError} for an invalid option */
export function withTransportDefaults(options: StdioTransportOptions): CompleteTransportOptions {
  const { closeTimeoutMs = 2000, probeTimeoutMs = 3000, era, verdicts } = options;
  requireEraOptions(options);
  requireNonNegative(closeTimeoutMs, "closeTimeoutMs");
  requireNonNegative(probeTimeoutMs, "probeTimeoutMs");
  return {
    ...lineLimitsOf(options),
    stderr: options.stderr ?? "inherit",
    restarts: options.restarts ?? {},
    closeTimeoutMs,
    probeTimeoutMs,
    era,
    verdicts,
  };
}

/** The options of a server with every default filled in. */
export type CompleteServerOptions = Required<Omit<StdioServerOptions, "principal" | "versions">> &
  Pick<StdioServerOptions, "principal"> & {
    /** The versions with sessions that are served, the newest first. */
    readonly legacyVersions: readonly string[];
  };

/** @throws {TypeError} for an invalid option */
export function withServerDefaults(options: StdioServerOptions): CompleteServerOptions {
  requireObject("serveStdio", options);
  const { maxInFlight = 1024, graceMs = 1000 } = options;
  if (!(maxInFlight >= 1)) throw new TypeError("maxInFlight: expected a positive number");
  requireNonNegative(graceMs, "graceMs");
  return {
    input: options.input ?? process.stdin,
    output: options.output ?? process.stdout,
    principal: options.principal,
    maxInFlight,
    ...lineLimitsOf(options),
    graceMs,
    legacyVersions: legacyVersionsOf(options.versions),
    onError: isolate(options.onError ?? ((error) => console.error(error))),
  };
}

/** Completes the limits that both ends have. */
function lineLimitsOf(options: StdioTransportOptions & StdioServerOptions) {
  const limits = {
    maxLineBytes: options.maxLineBytes ?? defaultMaxLineBytes,
    maxLineValues: options.maxLineValues ?? defaultMaxValues,
    maxBufferedBytes: options.maxBufferedBytes ?? defaultMaxBufferedBytes,
  };
  for (const [name, value] of Object.entries(limits)) {
    if (!(value > 0)) throw new TypeError(`${name}: expected a positive number`);
  }
  return limits;
}

function requireNonNegative(ms: number, name: string): void {
  if (!(ms >= 0)) throw new TypeError(`${name}: expected milliseconds, 0 or more`);
}
