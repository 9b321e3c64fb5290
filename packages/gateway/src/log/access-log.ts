/** One line of JSON for each request: what was asked of whom and how it went, and nothing said. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type DestinationStream, destination, type Logger, pino } from "pino";
import type { Config } from "../config/schema.ts";
import type { ExchangeRecord } from "../exchange-record.ts";
import { LineBuffer } from "./line-buffer.ts";

export interface AccessLog {
  readonly write: (record: ExchangeRecord, req: IncomingMessage, res: ServerResponse) => void;
  /** Hands lines that wait to the operating system. */
  readonly flush: () => void;
}

/** Names longer than this are cut. */
const maxNameLength = 256;

/** Writes to the configured file or to standard output; `undefined` where no log is wanted. */
export function createAccessLog(
  config: Config["log"],
  stream?: DestinationStream,
): AccessLog | undefined {
  if (config === false) return undefined;
  const lines = new LineBuffer(stream ?? openFile(config.file));
  const logger = pino({ base: null }, lines);
  return {
    write: (record, req, res) => writeLine(logger, record, req, res),
    flush: () => lines.flush(),
  };
}

function openFile(file: string | undefined): ReturnType<typeof destination> {
  return destination({
    ...(file === undefined ? { dest: 1 } : { dest: file, mkdir: true }),
    sync: false,
  });
}

function writeLine(
  logger: Logger,
  record: ExchangeRecord,
  req: IncomingMessage,
  res: ServerResponse,
): void {
  const { head } = record;
  const isAnswered = res.writableFinished;
  logger.info({
    method: head.method,
    name: head.name?.slice(0, maxNameLength),
    version: head.version,
    principal: record.principal,
    route: record.route,
    upstream: record.upstream,
    replica: record.replica,
    attempts: record.attempts || undefined,
    status: res.headersSent ? res.statusCode : 0,
    code: record.code,
    cache: record.cache,
    // The client went away, or the answer broke off.
    broken: isAnswered ? undefined : true,
    reason: record.reason,
    ms: rounded(performance.now() - record.startedAt),
    upstreamMs: record.upstreamMs === undefined ? undefined : rounded(record.upstreamMs),
    bytesIn: Number(req.headers["content-length"]) || undefined,
    bytesOut: record.bytesOut,
    trace: traceIdOf(req.headers.traceparent),
  });
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
