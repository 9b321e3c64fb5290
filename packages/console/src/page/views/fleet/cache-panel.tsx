/** The contents of the response cache, which can be evicted. */
import type { CachedEntry, CacheOverview } from "../../../server/fleet-api.ts";
import { announcement } from "../../announcement.ts";
import { fetchJson } from "../../api.ts";
import { Badge } from "../../components/badge.tsx";
import { ConfirmButton } from "../../components/confirm-button.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Table } from "../../components/table.tsx";
import { agoText, bytesText, countText, percentText } from "../../units.ts";
import { usePolled } from "./use-polled.ts";

const everyMs = 3000;

export function CachePanel() {
  const { value: cache, error, refresh } = usePolled<CacheOverview>("fleet/cache", everyMs);
  if (cache === undefined) {
    return error ? <ErrorNotice error={error} /> : <p class="empty">Loading …</p>;
  }
  if (!cache.isOn) {
    return <p class="empty">The configuration switches the response cache off (cache: false).</p>;
  }
  const evict = async (entry?: CachedEntry) => {
    const { server = "", method = "", params = "" } = entry ?? {};
    await fetchJson(
      "fleet/evict",
      entry === undefined ? {} : { match: { server, method, params } },
    );
    announcement.value = "Evicted";
    await refresh();
  };
  return (
    <div class="stack">
      <CacheFacts cache={cache} />
      <div class="spread">
        <p class="dim">
          {countText(listedCopies(cache))} of {countText(cache.entries)} responses, the most
          recently used first.
        </p>
        <ConfirmButton
          label="Evict all"
          name="Evict all responses"
          question="Evict all responses?"
          confirm="Evict all"
          isDanger
          onConfirm={() => evict()}
        >
          The next requests reach the upstreams.
        </ConfirmButton>
      </div>
      <Table
        label="Cached responses"
        rows={cache.responses}
        keyOf={(_entry, index) => index}
        empty="The cache is empty. Responses that allow it are stored when clients ask for them."
        columns={[
          { title: "Server", cell: ({ server }) => <code>{shownName(server)}</code> },
          { title: "Method", cell: ({ method }) => <code>{method}</code> },
          {
            title: "Parameters",
            cell: ({ params }) => (
              <code class="cut" title={params}>
                {params}
              </code>
            ),
          },
          {
            title: "For",
            cell: ({ scope }) => (
              <Badge tone={scope === "public" ? "info" : "neutral"}>
                {scope === "public" ? "all callers" : "one caller"}
              </Badge>
            ),
          },
          { title: "Size", isNumber: true, cell: Size },
          { title: "Age", isNumber: true, cell: ({ receivedAt }) => agoText(receivedAt) },
          {
            title: "Evict",
            cell: (entry) => (
              <button
                type="button"
                class="small-button"
                aria-label={`Evict ${entry.method} of ${entry.server}`}
                onClick={() => void evict(entry)}
              >
                Evict
              </button>
            ),
          },
        ]}
      />
    </div>
  );
}

function Size({ bytes, processes = 1 }: CachedEntry) {
  return (
    <>
      {bytesText(bytes)}
      {processes > 1 && <div class="small dim">{`in ${countText(processes)} processes`}</div>}
    </>
  );
}

/** Returns the number of listed responses, each as often as processes have it. */
function listedCopies({ responses }: CacheOverview): number {
  return responses.reduce((sum, { processes = 1 }) => sum + processes, 0);
}

/** Leaves out the number of the configuration in the name of a merged server. */
function shownName(server: string): string {
  return server.replace(/^\d+\/(?=route )/, "");
}

function CacheFacts({ cache }: { readonly cache: CacheOverview }) {
  const { bytes, maxBytes, hits, stale, misses } = cache;
  const asked = hits + stale + misses;
  const share = asked === 0 ? 0 : (hits + stale) / asked;
  const facts = [
    ["Answered from the cache", percentText(share), `of ${countText(asked)} requests`],
    ["Fresh", countText(hits), "hits"],
    ["Stale", countText(stale), "served while a new one was fetched"],
    ["Misses", countText(misses), "went to an upstream"],
    ["Size", bytesText(bytes), `of ${bytesText(maxBytes)}`],
  ] as const;
  return (
    <dl class="figures">
      {facts.map(([name, value, note]) => (
        <div key={name} class="card">
          <dt>{name}</dt>
          <dd class="value">{value}</dd>
          <dd class="small dim">{note}</dd>
        </div>
      ))}
    </dl>
  );
}
