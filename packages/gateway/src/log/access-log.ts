/**
 * The access log: one line of JSON for each request. A line names the method, the upstream and the
 * outcome, and never contains arguments or results. The format is that of pino, so tools that read
 * pino's lines can read it.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import sonicBoom from "sonic-boom";
import type { Config } from "../config/schema.ts";
import type { ExchangeRecord } from "../exchange-record.ts";
import { EntryBuffer, type LineDestination } from "./entry-buffer.ts";

export interface AccessLog {
  readonly write: (record: ExchangeRecord, req: IncomingMessage, res: ServerResponse) => void;
  /** Writes the pending lines; resolves once the operating system has them. */
  readonly flush: () => Promise<void>;
}

/** A stream that receives the access log. */
export interface LogStream {
  /** Accepts one line or more, each with its line break. */
  readonly write: (lines: string) => unknown;
}

/** Maximum length of a name; longer ones are cut off. */
const maxNameLength = 256;

/** Maximum number of bytes that wait for a slow file or reader; further lines are discarded. */
const maxWaitingBytes = 16_777_216;

/** The number that pino gives to the level "info". */
const level = 30;

/**
 * Creates a log that writes to `stream`, to the configured file or to standard output. Returns
 * `undefined` when the log is switched off. `onError` is called for each write that fails; later
 * writes are still attempted.
 */
export function createAccessLog(
  config: Config["log"],
  onError: (error: Error) => void,
  stream?: LogStream,
): AccessLog | undefined {
  if (config === false) return undefined;
  const entries = new EntryBuffer(stream ?? openFile(config.file, onError), lineOf);
  const { address: hasAddress } = config;
  return {
    write: (record, req, res) => {
      const address = hasAddress ? record.head.address : "";
      entries.add(entryOf(record, { req, res, address }));
    },
    flush: () => entries.flush(),
  };
}

function openFile(file: string | undefined, onError: (error: Error) => void): LineDestination {
  const out = new sonicBoom.SonicBoom({
    ...(file === undefined ? { dest: 1 } : { dest: file, mkdir: true }),
    sync: false,
    // With a minimum of 0, `flush` calls back before anything is written.
    minLength: 1,
    maxLength: maxWaitingBytes,
  });
  return out.on("error", onError);
}

interface Sources {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Empty when it is unknown or not to be logged. */
  readonly address: string;
}

/** The fields of a line. It holds no reference to the request, so that the request can be freed. */
type Entry = ReturnType<typeof entryOf>;

function entryOf(record: ExchangeRecord, { req, res, address }: Sources) {
  const { head } = record;
  return {
    time: Date.now(),
    method: head.method,
    name: head.name?.slice(0, maxNameLength),
    version: head.version,
    principal: record.principal,
    address,
    route: record.route,
    upstream: record.upstream,
    replica: record.replica,
    attempts: record.attempts,
    status: res.headersSent ? res.statusCode : 0,
    code: record.code,
    cache: record.cache,
    // The client disconnected, or the response ended early.
    isBroken: !res.writableFinished,
    reason: record.reason,
    ms: record.ms,
    upstreamMs: record.upstreamMs,
    length: req.headers["content-length"],
    bytesOut: record.bytesOut,
    traceparent: req.headers.traceparent,
  };
}

/**
 * Formats a line by hand and leaves out absent fields. A logger of pino, or `JSON.stringify` of an
 * object, would visit all fields a second time.
 */
function lineOf(entry: Entry): string {
  return (
    `{"level":${level},"time":${entry.time}` +
    text("method", entry.method) +
    text("name", entry.name) +
    plain("version", entry.version) +
    text("principal", entry.principal) +
    plain("address", entry.address || undefined) +
    `,"route":${entry.route}` +
    text("upstream", entry.upstream) +
    text("replica", entry.replica) +
    number("attempts", entry.attempts || undefined) +
    `,"status":${entry.status}` +
    number("code", entry.code) +
    plain("cache", entry.cache) +
    (entry.isBroken ? ',"broken":true' : "") +
    plain("reason", entry.reason) +
    `,"ms":${rounded(entry.ms)}` +
    number("upstreamMs", entry.upstreamMs && rounded(entry.upstreamMs)) +
    number("bytesIn", Number(entry.length) || undefined) +
    `,"bytesOut":${entry.bytesOut}` +
    plain("trace", traceIdOf(entry.traceparent)) +
    "}\n"
  );
}

function text(name: string, value: string | undefined): string {
  return value === undefined ? "" : `,"${name}":${JSON.stringify(value)}`;
}

/** Formats a text that needs no escaping: a word of ours, a date, an address or a trace id. */
function plain(name: string, value: string | undefined): string {
  return value === undefined ? "" : `,"${name}":"${value}"`;
}

function number(name: string, value: number | undefined): string {
  return value === undefined ? "" : `,"${name}":${value}`;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Returns the trace id of a W3C `traceparent`. */
function traceIdOf(traceparent: string | string[] | undefined): string | undefined {
  if (typeof traceparent !== "string" || traceparent.length < 55) return undefined;
  const id = traceparent.slice(3, 35);
  return /^[0-9a-f]{32}$/.test(id) ? id : undefined;
}
