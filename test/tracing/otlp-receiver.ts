/** Receives spans by OTLP over HTTP, as a collector does, and shows them as trees. */
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
  /** Resolves once a condition holds for the spans. */
  readonly until: (holds: (spans: readonly ReceivedSpan[]) => boolean) => Promise<void>;
  readonly close: () => Promise<void>;
}

const kinds = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];

/** Starts a receiver at a free port. */
export async function startReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const waiting = new Set<() => void>();
  const server = createServer(async (req, res) => {
    spans.push(...spansIn(JSON.parse(await text(req)) as Export));
    res.setHeader("content-type", "application/json").end("{}");
    for (const check of waiting) check();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_BSP_SCHEDULE_DELAY: "50",
    },
    spans,
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
