/** The view of recent exchanges: a list with a filter, and one exchange with its waterfall. */
import { useMemo, useRef, useState } from "preact/hooks";
import type { ExchangePage, ListedExchange, TraceSettings } from "../../../server/traces-api.ts";
import { LiveBadge } from "../../components/live-badge.tsx";
import { useEvents } from "../../components/use-events.ts";
import { WindowedList } from "../../components/windowed-list.tsx";
import { hrefOf, navigate, route } from "../../router.ts";
import { countText } from "../../units.ts";
import { none, withExchanges } from "./exchange-list.ts";
import { ExchangePanel } from "./exchange-panel.tsx";
import { ExchangeRow } from "./exchange-row.tsx";
import { filterIn, matcherOf, queryOf } from "./filter.ts";
import { FilterBar } from "./filter-bar.tsx";

/** Height of a row of the list, in pixels. */
const rowHeight = 48;
/** Number of exchanges that the page keeps if the server has not named one. */
const fallbackMax = 10_000;

export function TracesView({ path }: { readonly path: readonly string[] }) {
  const [received, setReceived] = useState(none);
  const [settings, setSettings] = useState<TraceSettings>();
  /** The list as it was when it was paused. Undefined while it follows. */
  const [paused, setPaused] = useState<readonly ListedExchange[]>();
  const max = useRef(fallbackMax);
  const state = useEvents("traces/live", (event, data) => {
    if (event === "settings") {
      setSettings(data as TraceSettings);
      max.current = (data as TraceSettings).exchanges;
    } else if (event === "exchanges") {
      const { exchanges } = data as ExchangePage;
      setReceived((before) => withExchanges(before, exchanges, max.current));
    }
  });
  const filter = filterIn(route.value.query);
  const query = queryOf(filter);
  const source = paused ?? received.exchanges;
  const key = JSON.stringify(query);
  const shown = useMemo(() => source.filter(matcherOf(filter)), [source, key]);
  const slowest = useMemo(() => shown.reduce((most, { ms }) => Math.max(most, ms), 1), [shown]);
  const selected = path[0];
  const behind = paused === undefined ? 0 : received.lastId - (paused[0]?.id ?? 0);
  const toggle = () => setPaused(paused === undefined ? received.exchanges : undefined);
  const pauseInside = (event: Event) => {
    const isInside = event.target instanceof Element && event.target.scrollTop > rowHeight;
    if (isInside && paused === undefined) setPaused(received.exchanges);
  };
  return (
    <div class={`traces${selected === undefined ? "" : " with-panel"}`}>
      <div class="spread">
        <h1>Traces</h1>
        <div class="row">
          <button
            type="button"
            class="small-button"
            aria-pressed={paused !== undefined}
            onClick={toggle}
          >
            {pauseLabel(paused !== undefined, behind)}
          </button>
          <LiveBadge state={state} />
        </div>
      </div>
      <FilterBar filter={filter} exchanges={source} path={path} />
      <p class="dim small" role="status">
        {countText(shown.length)} of {countText(source.length)} exchanges
        {settings !== undefined && `; the gateway keeps the last ${countText(settings.exchanges)}`}
      </p>
      <div class="columns">
        {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys move between its links */}
        <div
          class="list card"
          onKeyDown={(event) => moveSelection(event, shown, selected)}
          onScrollCapture={pauseInside}
        >
          {shown.length === 0 ? (
            <p class="empty">
              {source.length === 0 ? "No request has ended yet." : "No exchange passes the filter."}
            </p>
          ) : (
            <WindowedList
              label="Exchanges, the newest first"
              items={shown}
              rowHeight={rowHeight}
              keyOf={({ id }) => String(id)}
              visible={selected}
              render={(exchange) => (
                <ExchangeRow
                  exchange={exchange}
                  slowestMs={slowest}
                  href={hrefOf(["traces", String(exchange.id)], query)}
                  isSelected={String(exchange.id) === selected}
                />
              )}
            />
          )}
        </div>
        {selected !== undefined && (
          <ExchangePanel key={selected} id={selected} query={query} mode={settings?.messages} />
        )}
      </div>
    </div>
  );
}

function pauseLabel(isPaused: boolean, behind: number): string {
  if (!isPaused) return "Pause";
  return behind > 0 ? `Follow (${countText(behind)} new)` : "Follow";
}

/** Selects the exchange above or below with the arrow keys. */
function moveSelection(
  event: KeyboardEvent,
  shown: readonly ListedExchange[],
  selected: string | undefined,
): void {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by === undefined) return;
  const index = shown.findIndex(({ id }) => String(id) === selected);
  const next = shown[index < 0 ? 0 : index + by];
  if (next === undefined) return;
  event.preventDefault();
  const { query } = route.value;
  navigate(["traces", String(next.id)], Object.fromEntries(query), { replace: index >= 0 });
  requestAnimationFrame(() => {
    document.querySelector<HTMLElement>(`[data-exchange="${next.id}"]`)?.focus();
  });
}
