/**
 * One line of JSON for each request: what was asked of whom and how it went, and nothing said. The
 * lines are as pino writes them, so what reads those reads these.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type DestinationStream, destination, levels } from "pino";
import type { Config } from "../config/schema.ts";
import type { ExchangeRecord } from "../exchange-record.ts";
import { LineBuffer, type LineDestination } from "./line-buffer.ts";

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

/** Writes to the configured file or to standard output; `undefined` where no log is wanted. */
export function createAccessLog(
  config: Config["log"],
  stream?: DestinationStream,
): AccessLog | undefined {
  if (config === false) return undefined;
  const lines = new LineBuffer(stream ? asTexts(stream) : openFile(config.file));
  return {
    write: (record, req, res) => lines.write(`${lineOf(record, req, res)}\n`),
    flush: () => lines.flush(),
  };
}

function asTexts(stream: DestinationStream): LineDestination {
  return { write: (bytes) => stream.write(bytes.toString()) };
}

function openFile(file: string | undefined): LineDestination {
  const options = {
    ...(file === undefined ? { dest: 1 } : { dest: file, mkdir: true }),
    sync: false,
    // With none it does not tell when it has written.
    minLength: 1,
    maxLength: maxWaitingBytes,
    contentMode: "buffer",
  } as const;
  // Pino's type knows texts alone.
  return destination(options) as unknown as LineDestination;
}

/** A logger of pino's would walk over the members of each line once more. */
function lineOf(record: ExchangeRecord, req: IncomingMessage, res: ServerResponse): string {
  const { head } = record;
  return JSON.stringify({
    level,
    time: Date.now(),
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
    broken: res.writableFinished ? undefined : true,
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
