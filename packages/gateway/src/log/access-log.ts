/**
 * The access log: one line of JSON for each request. A line names the method, the upstream and the
 * outcome, and never contains arguments or results. The format is that of pino, so tools that read
 * pino's lines can read it.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { isTraceparent, traceIdOf } from "lutra/internal";
import type { Config } from "../config/schema.ts";
import type { ExchangeRecord } from "../exchange-record.ts";
import { EntryBuffer } from "./entry-buffer.ts";
import { LineFile, type LineFileOptions } from "./line-file.ts";
import { createLogFields, createLogFilter } from "./log-filter.ts";

export interface AccessLog {
  readonly write: (record: ExchangeRecord, req: IncomingMessage, res: ServerResponse) => void;
  /** Writes a line for a request that could not be parsed. */
  readonly writeMalformed: (record: ExchangeRecord, malformed: Malformed) => void;
  /** Writes the pending lines; resolves once the operating system has them. */
  readonly flush: () => Promise<void>;
  /** Opens the path of the file again, after another program has renamed the file. */
  readonly reopen: () => void;
  /** Number of lines that could not be written. */
  readonly lost: () => number;
  /** Releases the file. */
  readonly close: () => void;
}

/** A stream that receives the access log. */
export interface LogStream {
  /** Accepts one line or more, each with its line break. */
  readonly write: (lines: string) => unknown;
}

/** Maximum length of a method or name; longer ones are cut off. */
const maxNameLength = 256;

/** The number that pino gives to the level "info". */
const level = 30;

/**
 * Creates a log that writes to `stream`, to the configured file or to standard output. Returns
 * `undefined` when the log is switched off. After a write that fails, later ones are still attempted.
 *
 * @throws if the file can't be opened
 */
export function createAccessLog(
  config: Config["log"],
  events: Pick<LineFileOptions, "onError" | "onRecovered">,
  stream?: LogStream,
): AccessLog | undefined {
  if (config === false) return undefined;
  const { address: hasAddress, file, maxBytes, keep } = config;
  const out = stream ? undefined : new LineFile({ file, maxBytes, keep, ...events });
  const entries = new EntryBuffer(stream ?? (out as LineFile), lineOf);
  const isLogged = createLogFilter(config);
  const ownFields = createLogFields(config);
  return {
    write: (record, req, res) => {
      if (!isLogged({ record, status: res.headersSent ? res.statusCode : 0 })) return;
      const address = hasAddress ? record.head.address : "";
      entries.add(
        entryOf(record, {
          status: res.headersSent ? res.statusCode : 0,
          isBroken: !res.writableFinished,
          length: req.headers["content-length"],
          traceparent: req.headers.traceparent,
          address,
          ownFields: ownFields(record),
        }),
      );
    },
    writeMalformed: (record, { status, address }) => {
      const none = { length: undefined, traceparent: undefined, ownFields: "" };
      const sources = { status, isBroken: false, ...none };
      entries.add(entryOf(record, { ...sources, address: hasAddress ? address : "" }));
    },
    flush: () => entries.flush(),
    reopen: () => {
      entries.write();
      out?.reopen();
    },
    lost: () => out?.lost() ?? 0,
    close: () => out?.close(),
  };
}

/** A request that could not be parsed. */
interface Malformed {
  /** The status of its response. */
  readonly status: number;
  readonly address: string;
}

interface Sources {
  readonly status: number;
  /** True if the client disconnected, or the response ended early. */
  readonly isBroken: boolean;
  readonly length: string | undefined;
  readonly traceparent: string | string[] | undefined;
  /** Empty when it is unknown or not to be logged. */
  readonly address: string;
  /** The configured fields, as JSON members with a comma before each. */
  readonly ownFields: string;
}

/** The fields of a line. It holds no reference to the request, so that the request can be freed. */
type Entry = ReturnType<typeof entryOf>;

function entryOf(record: ExchangeRecord, sources: Sources) {
  const { head } = record;
  return {
    time: Date.now(),
    method: head.method?.slice(0, maxNameLength),
    name: head.name?.slice(0, maxNameLength),
    entry: ownNameOf(record)?.slice(0, maxNameLength),
    version: head.version,
    principal: record.principal,
    address: sources.address,
    endpoint: record.endpoint,
    route: record.route,
    upstream: record.upstream,
    replica: record.replica,
    attempts: record.attempts,
    status: sources.status,
    code: record.code,
    cache: record.cache,
    isBroken: sources.isBroken,
    reason: record.reason,
    skill: record.skill,
    ms: record.ms,
    upstreamMs: record.upstreamMs,
    length: sources.length,
    bytesOut: record.bytesOut,
    trace: record.trace?.traceId,
    traceparent: sources.traceparent,
    ownFields: sources.ownFields,
  };
}

/** Returns the upstream's own name of the entry, if the client knows it by another one. */
function ownNameOf({ subject, head }: ExchangeRecord): string | undefined {
  return subject === undefined || subject.name === head.name ? undefined : subject.name;
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
    text("entry", entry.entry) +
    plain("version", entry.version) +
    text("principal", entry.principal) +
    plain("address", entry.address || undefined) +
    plain("endpoint", entry.endpoint) +
    `,"route":${entry.route}` +
    text("upstream", entry.upstream) +
    text("replica", entry.replica) +
    number("attempts", entry.attempts || undefined) +
    `,"status":${entry.status}` +
    number("code", entry.code) +
    plain("cache", entry.cache) +
    (entry.isBroken ? ',"broken":true' : "") +
    plain("reason", entry.reason) +
    plain("skill", entry.skill) +
    `,"ms":${rounded(entry.ms)}` +
    number("upstreamMs", entry.upstreamMs && rounded(entry.upstreamMs)) +
    number("bytesIn", Number(entry.length) || undefined) +
    `,"bytesOut":${entry.bytesOut}` +
    plain("trace", entry.trace ?? sentTraceId(entry.traceparent)) +
    entry.ownFields +
    "}\n"
  );
}

function text(name: string, value: string | undefined): string {
  if (value === undefined) return "";
  return `,"${name}":${unescaped.test(value) ? `"${value}"` : JSON.stringify(value)}`;
}

/** A text that JSON does not escape, as most are. The test costs less than an encoding. */
const unescaped = /^[ !#-[\]-~]*$/;

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

/** Returns the trace id of a valid `traceparent`. */
function sentTraceId(traceparent: string | string[] | undefined): string | undefined {
  return isTraceparent(traceparent) ? traceIdOf(traceparent) : undefined;
}
