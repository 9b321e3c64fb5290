/** One exchange: its facts, its waterfall, its messages, and the other exchanges of its trace. */
import { useEffect, useRef, useState } from "preact/hooks";
import type {
  ExchangeDetail,
  ListedExchange,
  RecentExchange,
  TraceSettings,
} from "../../../server/traces-api.ts";
import { fetchJson } from "../../api.ts";
import { CopyButton } from "../../components/copy-button.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { hrefOf, navigate } from "../../router.ts";
import { bytesText, clockText, durationText } from "../../units.ts";
import { Messages } from "./messages.tsx";
import { Outcome } from "./outcome.tsx";
import { Waterfall } from "./waterfall.tsx";

export interface ExchangePanelProps {
  /** The number of the exchange, as in the address. */
  readonly id: string;
  /** The query of the list, which stays when the panel is closed. */
  readonly query: { readonly [name: string]: string };
  /** The messages that the gateway keeps. Undefined until it is known. */
  readonly mode: TraceSettings["messages"] | undefined;
}

export function ExchangePanel({ id, query, mode }: ExchangePanelProps) {
  const [detail, setDetail] = useState<ExchangeDetail>();
  const [error, setError] = useState<Error>();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const gone = new AbortController();
    fetchJson<ExchangeDetail>(`traces/exchange?id=${encodeURIComponent(id)}`, undefined, gone).then(
      setDetail,
      (failure: Error) => gone.signal.aborted || setError(failure),
    );
    return () => gone.abort();
  }, [id]);
  const exchange = detail?.exchange;
  return (
    <aside class="panel card" aria-label={`Exchange ${id}`}>
      <div class="spread">
        <h2 ref={heading}>{exchange?.name ?? exchange?.method ?? `Exchange ${id}`}</h2>
        <button
          type="button"
          class="icon"
          aria-label="Close the exchange"
          onClick={() => navigate(["traces"], query)}
        >
          ×
        </button>
      </div>
      {error !== undefined && <ErrorNotice error={error} />}
      {exchange !== undefined && (
        <>
          <Outcome exchange={exchange} />
          <Waterfall exchange={exchange} />
          <Facts exchange={exchange} />
          <Messages exchange={exchange} mode={mode} />
          <Trace trace={detail?.trace ?? []} id={exchange.id} query={query} />
        </>
      )}
    </aside>
  );
}

function Facts({ exchange }: { readonly exchange: RecentExchange }) {
  const { at, method, upstream, replica, route, attempts, principal, client, era } = exchange;
  const { queueMs, connectMs, firstByteMs, ms, bytesOut, code, reason, cache, traceId } = exchange;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["Arrived", clockText(at)],
    ["Method", method],
    ["Route", route < 0 ? "none" : String(route)],
    ["Upstream", upstream],
    ["Replica", replica],
    ["Attempts", attempts === 0 ? undefined : String(attempts)],
    ["Caller", principal],
    ["Client", client],
    ["Protocol version", era],
    ["Cache", cache],
    ["Error code", code === undefined ? undefined : String(code)],
    ["Reason", reason],
    ["Queue", queueMs === undefined ? undefined : durationText(queueMs)],
    ["Connect", connectMs === undefined ? undefined : durationText(connectMs)],
    ["First byte", firstByteMs === undefined ? undefined : durationText(firstByteMs)],
    ["Total", durationText(ms)],
    ["Response", bytesText(bytesOut)],
  ];
  return (
    <dl class="pairs">
      {facts.map(
        ([name, value]) =>
          value !== undefined && (
            <div key={name}>
              <dt class="dim">{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
      {traceId !== undefined && (
        <div class="wide">
          <dt class="dim">Trace</dt>
          <dd class="row">
            <code>{traceId}</code>
            <CopyButton text={() => traceId} />
          </dd>
        </div>
      )}
    </dl>
  );
}

interface TraceProps {
  readonly trace: readonly ListedExchange[];
  readonly id: number;
  readonly query: ExchangePanelProps["query"];
}

/** The other exchanges of the trace, as bars on one axis of time. */
function Trace({ trace, id, query }: TraceProps) {
  if (trace.length < 2) return null;
  const start = Math.min(...trace.map(({ at }) => at));
  const end = Math.max(...trace.map(({ at, ms }) => at + ms));
  const share = (ms: number) => (100 * ms) / Math.max(1, end - start);
  return (
    <section aria-label="Exchanges of the same trace">
      <h3>The same trace: {trace.length} exchanges</h3>
      <ol class="same-trace">
        {trace.map((each) => (
          <li key={each.id}>
            <a
              href={hrefOf(["traces", String(each.id)], query)}
              aria-current={each.id === id ? "true" : undefined}
            >
              {each.name ?? each.method}
            </a>
            <span class="track" aria-hidden="true">
              <span
                class={`bar ${each.isError ? "failed" : "attempt"}`}
                style={{
                  left: `${share(each.at - start)}%`,
                  width: `${Math.max(0.8, share(each.ms))}%`,
                }}
              />
            </span>
            <span class="duration small">{durationText(each.ms)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
