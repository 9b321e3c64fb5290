/** The filter of the recent exchanges. It is in the address, so that a filtered list can be linked to. */
import type { ListedExchange } from "../../../server/traces-api.ts";

export interface ExchangeFilter {
  /** A text in the name, the client, the trace id, the reason or the code. */
  readonly text: string;
  readonly method: string;
  readonly upstream: string;
  readonly principal: string;
  /** A kind of exchange. */
  readonly kind: "" | "errors" | "retried" | "cached";
  /** Least duration, in milliseconds. */
  readonly slowMs: number;
}

/** The exchanges that the filter offers beside those with a text. */
export const kinds: readonly { readonly kind: ExchangeFilter["kind"]; readonly label: string }[] = [
  { kind: "", label: "All" },
  { kind: "errors", label: "Errors" },
  { kind: "retried", label: "Retried" },
  { kind: "cached", label: "From the cache" },
];

/** Reads the filter from the query of the address. Unknown values are ignored. */
export function filterIn(query: URLSearchParams): ExchangeFilter {
  const kind = query.get("kind") ?? "";
  const slowMs = Number(query.get("slow") ?? 0);
  return {
    text: query.get("text") ?? "",
    method: query.get("method") ?? "",
    upstream: query.get("upstream") ?? "",
    principal: query.get("principal") ?? "",
    kind: kinds.find((each) => each.kind === kind)?.kind ?? "",
    slowMs: Number.isFinite(slowMs) && slowMs > 0 ? slowMs : 0,
  };
}

/** Returns the query for a filter, without the parts that do not filter. */
export function queryOf(filter: ExchangeFilter): { readonly [name: string]: string } {
  const { slowMs, ...texts } = filter;
  const all = { ...texts, slow: slowMs === 0 ? "" : String(slowMs) };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
}

/** Returns a function that returns true for an exchange that passes the filter. */
export function matcherOf(filter: ExchangeFilter): (exchange: ListedExchange) => boolean {
  const { method, upstream, principal, kind, slowMs } = filter;
  const text = filter.text.trim().toLowerCase();
  return (exchange) =>
    (method === "" || exchange.method === method) &&
    (upstream === "" || upstreamsOf(exchange).includes(upstream)) &&
    (principal === "" || exchange.principal === principal) &&
    exchange.ms >= slowMs &&
    isOfKind(exchange, kind) &&
    (text === "" || textOf(exchange).includes(text));
}

/** Returns the upstreams that were involved; a merged list has several. */
export function upstreamsOf({ upstream, timeline }: ListedExchange): readonly string[] {
  const names = timeline.filter((part) => part.kind === "attempt").map((part) => part.name);
  return [...new Set(upstream === undefined ? names : [...names, upstream])];
}

function isOfKind(exchange: ListedExchange, kind: ExchangeFilter["kind"]): boolean {
  if (kind === "errors") return exchange.isError || exchange.isToolError === true;
  if (kind === "retried") return isRetried(exchange);
  if (kind === "cached") return exchange.cache === "hit" || exchange.cache === "stale";
  return true;
}

/** Returns true if an attempt failed, and another one at the same upstream followed. */
function isRetried({ timeline }: ListedExchange): boolean {
  return timeline.some(({ failure, name }, index) => {
    const later = timeline.slice(index + 1);
    return (
      failure !== undefined && later.some((part) => part.kind === "attempt" && part.name === name)
    );
  });
}

function textOf({ method, name, client, traceId, reason, code, status }: ListedExchange): string {
  return [method, name, client, traceId, reason, code, status].join(" ").toLowerCase();
}
