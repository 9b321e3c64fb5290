/** The exchanges that the console shows. */
import type { RecentExchange } from "@lutra/console";
import { protocolVersionOf } from "../eras/era-table.ts";
import type { ExchangeRecord } from "../exchange-record.ts";
import type { TimelinePart } from "../tracing/exchange-trace.ts";

/** Maximum length of a method, a name or a principal, in characters; longer ones are cut off. */
const maxNameLength = 256;

/** Returns an exchange without references to the request, so that the request can be freed. */
export function recentExchange(
  record: ExchangeRecord,
  { id, status }: { readonly id: number; readonly status: number },
): RecentExchange {
  const { head, timeline = [], code, reason } = record;
  return {
    id,
    at: Math.round(performance.timeOrigin + record.startedAt),
    method: head.method?.slice(0, maxNameLength),
    name: head.name?.slice(0, maxNameLength),
    principal: record.principal?.slice(0, maxNameLength),
    client: clientOf(record),
    era: protocolVersionOf(record),
    endpoint: record.endpoint,
    route: record.route,
    upstream: record.upstream,
    replica: record.replica,
    attempts: record.attempts,
    status,
    code,
    reason,
    cache: record.cache,
    isError: code !== undefined || reason !== undefined || status === 0 || status >= 400,
    isToolError: record.isToolError,
    ms: record.ms,
    queueMs: queueMsOf(timeline),
    connectMs: record.connectMs,
    answerMs: record.answerMs,
    firstByteMs: record.upstreamMs,
    bytesOut: record.bytesOut,
    traceId: record.trace?.traceId,
    timeline,
    messages: record.messages?.list(),
  };
}

function clientOf({ client }: ExchangeRecord): string | undefined {
  const info = client?.session?.clientInfo ?? client?.meta?.clientInfo;
  return info && `${info.name} ${info.version}`.slice(0, maxNameLength);
}

function queueMsOf(timeline: readonly TimelinePart[]): number | undefined {
  for (const { kind, name, startMs, endMs } of timeline) {
    if (kind === "wait" && name === "queue" && endMs !== undefined) return endMs - startMs;
  }
  return undefined;
}

/** Estimated memory of an exchange without its texts, of a part and of a message, in bytes. */
const sizes = { exchange: 480, part: 96, message: 64 };

/** Estimates the memory that an exchange takes, in bytes. */
export function bytesOf(exchange: RecentExchange): number {
  const { method = "", name = "", principal = "", client = "", timeline, messages } = exchange;
  const length = method.length + name.length + principal.length + client.length;
  const known = sizes.exchange + 2 * length + sizes.part * timeline.length;
  if (messages === undefined) return known;
  return messages.reduce((sum, { text }) => sum + sizes.message + 2 * text.length, known);
}
