/** The protocol versions of clients: their shares over time, and what can be switched off. */
import type { FleetOverview } from "../../../server/fleet-api.ts";
import { TimeChart } from "../../charts/time-chart.tsx";
import { Badge, type Tone } from "../../components/badge.tsx";
import { Table } from "../../components/table.tsx";
import { countText, percentText, rateText } from "../../units.ts";
import { firstStep } from "./shown-steps.ts";
import { usePolled } from "./use-polled.ts";

/** The part of the report at `/eras` that the panel shows. */
interface EraReport {
  readonly since: string;
  readonly days: number;
  readonly verdicts: readonly EraVerdict[];
  readonly rows: readonly EraRow[];
}

interface EraVerdict {
  readonly subject: string;
  readonly isSafe: "yes" | "no" | "unknown";
  readonly because: string;
}

interface EraRow {
  readonly day: string;
  readonly client: string | null;
  readonly clientVersion: string | null;
  readonly protocolVersion: string;
  readonly upstream: string | null;
  readonly requests: number;
  readonly failed: number;
}

const everyMs = 5000;
/** Maximum number of rows that are shown. */
const maxRows = 200;
const safeTones: { readonly [isSafe in EraVerdict["isSafe"]]: Tone } = {
  yes: "good",
  no: "bad",
  unknown: "neutral",
};

export function ErasPanel({ fleet }: { readonly fleet: FleetOverview | undefined }) {
  const { value: report } = usePolled<EraReport>("fleet/eras", everyMs);
  return (
    <div class="stack">
      {fleet !== undefined && fleet.eras.length > 0 && <EraChart fleet={fleet} />}
      {report !== undefined && (
        <>
          <h2>Can it be switched off?</h2>
          <Table
            label="What can be switched off"
            rows={report.verdicts}
            keyOf={({ subject }) => subject}
            empty="Nothing is left to switch off."
            columns={[
              { title: "Version or feature", cell: ({ subject }) => <code>{subject}</code> },
              {
                title: "Safe",
                cell: ({ isSafe }) => <Badge tone={safeTones[isSafe]}>{isSafe}</Badge>,
              },
              { title: "Because", cell: ({ because }) => because },
            ]}
          />
          <h2>Clients</h2>
          <Table
            label="Clients by protocol version"
            rows={report.rows.slice(0, maxRows)}
            keyOf={(_row, index) => index}
            empty="No client has sent a request yet."
            columns={[
              { title: "Day", cell: ({ day }) => day },
              {
                title: "Client",
                cell: ({ client, clientVersion }) =>
                  client === null ? (
                    <span class="dim">not read</span>
                  ) : (
                    `${client} ${clientVersion ?? ""}`
                  ),
              },
              { title: "Version", cell: ({ protocolVersion }) => <code>{protocolVersion}</code> },
              { title: "Upstream", cell: ({ upstream }) => upstream ?? "–" },
              { title: "Requests", isNumber: true, cell: ({ requests }) => countText(requests) },
              { title: "Failed", isNumber: true, cell: ({ failed }) => countText(failed) },
            ]}
          />
        </>
      )}
    </div>
  );
}

function EraChart({ fleet: { eras, series, stepMs } }: { readonly fleet: FleetOverview }) {
  const first = firstStep(series);
  const sorted = [...eras].sort((a, b) => b.version.localeCompare(a.version)).slice(0, 6);
  const total = sorted.reduce((sum, era) => sum + era.total, 0);
  const shares = sorted.map(
    (era) => `${era.version} ${percentText(total === 0 ? 0 : era.total / total)}`,
  );
  return (
    <TimeChart
      title="Requests per second by protocol version"
      summary={`Shares of the last 10 minutes: ${shares.join(", ")}.`}
      kind="stack"
      times={series.slice(first, -1).map(({ at }) => at)}
      series={sorted.map(({ version, exchanges }, index) => ({
        name: version,
        tone: `tone-${index + 1}`,
        values: exchanges.slice(first, -1).map((count) => (1000 * count) / stepMs),
      }))}
      textOf={rateText}
    />
  );
}
