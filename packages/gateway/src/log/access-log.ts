/**
 * One line of JSON for each request: what was asked of whom and how it went, and nothing said. The
 * lines are as pino writes them, so what reads those reads these.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type DestinationStream, destination, levels } from "pino";
import type { Config } from "../config/schema.ts";
import type { ExchangeRecord } from "../exchange-record.ts";
import { EntryBuffer, type LineDestination } from "./entry-buffer.ts";

export interface AccessLog {
  readonly write: (record: ExchangeRecord, req: IncomingMessage, res: ServerResponse) => void;
  /** Hands lines that wait to the operating system; resolves once it has them. */
  readonly flush: () => Promise<void>;
}

/** Names longer than this are cut. */
const maxNameLength = 256;

/** What waits at most for a file or a reader that takes nothing; lines beyond that are lost. */
const maxWaitingBytes = 16_777_216;

const level = levels.values.info;

/**
 * Writes to the configured file or to standard output; `undefined` where no log is wanted.
 * `onError` hears of each write that fails; those after it are tried all the same.
 */
export function createAccessLog(
  config: Config["log"],
  onError: (error: Error) => void,
  stream?: DestinationStream,
): AccessLog | undefined {
  if (config === false) return undefined;
  const out = stream ? asTexts(stream) : openFile(config.file, onError);
  const entries = new EntryBuffer(out, lineOf);
  const { address: hasAddress } = config;
  return {
    write: (record, req, res) => {
      const address = hasAddress ? record.head.address : "";
      entries.add(entryOf(record, { req, res, address }));
    },
    flush: () => entries.flush(),
  };
}

function asTexts(stream: DestinationStream): LineDestination {
  return { write: (bytes) => stream.write(bytes.toString()) };
}

function openFile(file: string | undefined, onError: (error: Error) => void): LineDestination {
  const options = {
    ...(file === undefined ? { dest: 1 } : { dest: file, mkdir: true }),
    sync: false,
    // With none it does not tell when it has written.
    minLength: 1,
    maxLength: maxWaitingBytes,
    contentMode: "buffer",
  } as const;
  // Pino's type knows texts alone.
  return destination(options).on("error", onError) as unknown as LineDestination;
}

interface Sources {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Empty where it is not known, or not to be kept. */
  readonly address: string;
}

/** What a line says. Of the request itself it keeps nothing, so that it can go. */
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
    // The client went away, or the answer broke off.
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
 * A logger of pino's, or `JSON.stringify` on an object, walks over all members of each line once
 * more; what is absent leaves no trace here.
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

/** For texts in which nothing can need a quote: our own words, dates, addresses and trace ids. */
function plain(name: string, value: string | undefined): string {
  return value === undefined ? "" : `,"${name}":"${value}"`;
}

function number(name: string, value: number | undefined): string {
  return value === undefined ? "" : `,"${name}":${value}`;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

/** The trace id of a W3C `traceparent`. */
function traceIdOf(traceparent: string | string[] | undefined): string | undefined {
  if (typeof traceparent !== "string" || traceparent.length < 55) return undefined;
  const id = traceparent.slice(3, 35);
  return /^[0-9a-f]{32}$/.test(id) ? id : undefined;
}
