/** One exchange in the list. */
import type { ListedExchange } from "../../../server/traces-api.ts";
import { clockText, durationText } from "../../units.ts";
import { Outcome } from "./outcome.tsx";

export interface ExchangeRowProps {
  readonly exchange: ListedExchange;
  /** The duration whose bar has the full length, in milliseconds. */
  readonly slowestMs: number;
  readonly href: string;
  readonly isSelected: boolean;
}

export function ExchangeRow({ exchange, slowestMs, href, isSelected }: ExchangeRowProps) {
  const { id, at, method = "no method", name, upstream, replica, ms } = exchange;
  const who = [exchange.client, exchange.principal].filter(Boolean).join(" · ");
  return (
    <a
      class="exchange"
      href={href}
      aria-current={isSelected ? "true" : undefined}
      data-exchange={id}
    >
      <span class="what">
        <strong title={name}>{name ?? method}</strong>
        {name !== undefined && <span class="dim">{method}</span>}
      </span>
      <Outcome exchange={exchange} />
      <span class="where small dim">
        {clockText(at)} · {placeOf(upstream, replica, exchange)}
      </span>
      <span class="who small dim">{who}</span>
      <span class="time small">
        <span class="bar" aria-hidden="true">
          <span style={{ width: `${barShare(ms, slowestMs)}%` }} />
        </span>
        <span class="ms">{durationText(ms)}</span>
      </span>
    </a>
  );
}

function placeOf(
  upstream: string | undefined,
  replica: string | undefined,
  { cache, timeline }: ListedExchange,
): string {
  if (upstream !== undefined) return replica === undefined ? upstream : `${upstream} ${replica}`;
  if (cache === "hit" || cache === "stale") return "from the cache";
  const names = new Set(timeline.filter(({ kind }) => kind === "attempt").map((part) => part.name));
  return names.size === 0 ? "answered by the gateway" : [...names].join(", ");
}

/** Returns the length of a bar in percent, on a logarithmic scale, so that short ones differ. */
function barShare(ms: number, slowestMs: number): number {
  return Math.max(3, (100 * Math.log1p(ms)) / Math.log1p(slowestMs));
}
