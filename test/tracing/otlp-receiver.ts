/** Receives spans and metrics by OTLP over HTTP, as a collector does, and shows spans as trees. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

interface Value {
  readonly stringValue?: string;
  readonly intValue?: number | string;
  readonly boolValue?: boolean;
}

interface Attribute {
  readonly key: string;
  readonly value: Value;
}

interface WireSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly links?: readonly { readonly spanId: string }[];
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[];
  }[];
}

interface WirePoint {
  readonly attributes: readonly Attribute[];
  /** The number of recorded values of a histogram. */
  readonly count?: number | string;
  readonly asInt?: number | string;
  readonly asDouble?: number;
}

interface WireMetric {
  readonly name: string;
  readonly sum?: { readonly dataPoints: readonly WirePoint[] };
  readonly histogram?: { readonly dataPoints: readonly WirePoint[] };
}

interface MetricsExport {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeMetrics: readonly { readonly metrics: readonly WireMetric[] }[];
  }[];
}

/** One series, as the last export of its process shows it. */
interface ReceivedSeries {
  readonly name: string;
  readonly service: unknown;
  readonly pid: unknown;
  readonly attributes: { readonly [key: string]: unknown };
  /** The value, or the number of recorded durations. */
  readonly value: number;
}

export interface ReceivedSpan {
  readonly traceId: string;
  readonly id: string;
  readonly parentId: string | undefined;
  readonly name: string;
  readonly kind: string;
  readonly service: unknown;
  readonly pid: unknown;
  readonly startedAt: bigint;
  readonly attributes: { readonly [key: string]: unknown };
  readonly links: readonly string[];
}

export interface OtlpReceiver {
  /** The environment of programs that export to this receiver. */
  readonly env: { readonly [variable: string]: string };
  readonly spans: readonly ReceivedSpan[];
  /** Returns the series of a metric, from all processes. */
  readonly series: (name: string) => readonly ReceivedSeries[];
  /** Resolves once a condition holds for the spans. */
  readonly until: (holds: (spans: readonly ReceivedSpan[]) => boolean) => Promise<void>;
  readonly close: () => Promise<void>;
}

const kinds = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];

/** Starts a receiver at a free port. */
export async function startReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const latest = new Map<string, ReceivedSeries>();
  const waiting = new Set<() => void>();
  const server = createServer(async (req, res) => {
    const received = JSON.parse(await text(req));
    if (req.url === "/v1/traces") spans.push(...spansIn(received as Export));
    else for (const one of seriesIn(received as MetricsExport)) latest.set(keyOf(one), one);
    res.setHeader("content-type", "application/json").end("{}");
    for (const check of waiting) check();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_BSP_SCHEDULE_DELAY: "50",
      OTEL_METRIC_EXPORT_INTERVAL: "1000",
    },
    spans,
    series: (name) => [...latest.values()].filter((one) => one.name === name),
    until: (holds) =>
      new Promise((resolve) => {
        const check = () => {
          if (!holds(spans)) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function spansIn({ resourceSpans }: Export): readonly ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const { "service.name": service, "process.pid": pid } = membersOf(resource.attributes);
    return scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        traceId: span.traceId,
        id: span.spanId,
        parentId: span.parentSpanId,
        name: span.name,
        kind: kinds[span.kind] ?? "",
        service,
        pid,
        startedAt: BigInt(span.startTimeUnixNano),
        attributes: membersOf(span.attributes),
        links: (span.links ?? []).map((link) => link.spanId),
      })),
    );
  });
}

function seriesIn({ resourceMetrics }: MetricsExport): readonly ReceivedSeries[] {
  return resourceMetrics.flatMap(({ resource, scopeMetrics }) => {
    const { "service.name": service, "process.pid": pid } = membersOf(resource.attributes);
    const all = scopeMetrics.flatMap(({ metrics }) => metrics);
    return all.flatMap(
      ({ name, sum, histogram }) =>
        (histogram ?? sum)?.dataPoints.map(({ attributes, count, asInt, asDouble }) => ({
          name,
          service,
          pid,
          attributes: membersOf(attributes),
          value: Number(count ?? asInt ?? asDouble),
        })) ?? [],
    );
  });
}

/** Identifies a series, whose later values replace earlier ones. */
function keyOf({ name, pid, attributes }: ReceivedSeries): string {
  return JSON.stringify([name, pid, Object.entries(attributes).sort()]);
}

function membersOf(attributes: readonly Attribute[]): { readonly [key: string]: unknown } {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ?? value.intValue ?? value.boolValue,
    ]),
  );
}

/** Returns the spans below `root` as lines, in the order of their start, each below its parent. */
export function treeOf(
  spans: readonly ReceivedSpan[],
  root: ReceivedSpan,
  describe: (span: ReceivedSpan) => string,
  depth = 0,
): readonly string[] {
  const below = spans
    .filter(({ parentId }) => parentId === root.id)
    .sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
  const line = "  ".repeat(depth) + describe(root);
  return [line, ...below.flatMap((span) => treeOf(spans, span, describe, depth + 1))];
}
