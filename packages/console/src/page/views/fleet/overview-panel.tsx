/** The load of the gateway, and its upstreams with their replicas. */
import type { FleetOverview } from "../../../server/fleet-api.ts";
import { TimeChart } from "../../charts/time-chart.tsx";
import { countText, durationText, percentText, rateText } from "../../units.ts";
import { firstStep } from "./shown-steps.ts";
import { UpstreamCard } from "./upstream-card.tsx";

export interface OverviewPanelProps {
  /** Undefined until the first event has arrived. */
  readonly fleet: FleetOverview | undefined;
  /** Called with the state after a change. */
  readonly onFleet: (fleet: FleetOverview) => void;
}

export function OverviewPanel({ fleet, onFleet }: OverviewPanelProps) {
  if (fleet === undefined) return <p class="empty">Loading …</p>;
  return (
    <div class="stack">
      <Headline fleet={fleet} />
      <div class="charts">
        <RateChart fleet={fleet} />
        <LatencyChart fleet={fleet} />
      </div>
      {fleet.upstreams.map((upstream) => (
        <UpstreamCard
          key={upstream.name}
          upstream={upstream}
          firstStep={firstStep(fleet.series)}
          onFleet={onFleet}
        />
      ))}
    </div>
  );
}

function Headline({
  fleet: { load, upstreams, subscriptions },
}: {
  readonly fleet: FleetOverview;
}) {
  const sum = (of: (upstream: (typeof upstreams)[number]) => number) =>
    upstreams.reduce((total, upstream) => total + of(upstream), 0);
  const replicas = upstreams.flatMap((upstream) => upstream.replicas);
  const serving = replicas.filter(({ state }) => state === "up" || state === "warming").length;
  const facts: readonly Fact[] = [
    { name: "Requests", value: `${rateText(load.perSecond)}/s`, note: "last minute" },
    {
      name: "Errors",
      value: percentText(load.errorShare),
      note: `${countText(load.errors)} of ${countText(load.exchanges)}`,
      isBad: load.errorShare >= 0.05,
    },
    { name: "Median", value: durationText(load.p50), note: "half are faster" },
    { name: "95 %", value: durationText(load.p95), note: `99 %: ${durationText(load.p99)}` },
    {
      name: "In flight",
      value: countText(sum(({ inFlight, ownSubscriptions }) => inFlight - ownSubscriptions)),
      note: `${countText(sum(({ queued }) => queued))} queued`,
    },
    {
      name: "Replicas",
      value: `${serving} of ${replicas.length}`,
      note: "take requests",
      isBad: serving < replicas.length,
    },
    {
      name: "Subscriptions",
      value: countText(subscriptions),
      note: `and ${countText(sum(({ ownSubscriptions }) => ownSubscriptions))} of the gateway`,
    },
  ];
  return (
    <dl class="figures">
      {facts.map(({ name, value, note, isBad }) => (
        <div key={name} class="card">
          <dt>{name}</dt>
          <dd class={isBad ? "value bad" : "value"}>{value}</dd>
          <dd class="small dim">{note}</dd>
        </div>
      ))}
    </dl>
  );
}

interface Fact {
  readonly name: string;
  readonly value: string;
  readonly note: string;
  readonly isBad?: boolean;
}

/** Leaves out the last step, which is not complete. */
function RateChart({ fleet: { series, stepMs } }: { readonly fleet: FleetOverview }) {
  const steps = series.slice(firstStep(series), -1);
  const perSecond = (count: number) => (1000 * count) / stepMs;
  const last = steps.at(-1);
  return (
    <TimeChart
      title="Requests per second"
      summary={`In the last step, ${rateText(perSecond(last?.exchanges ?? 0))} requests per second, of which ${rateText(perSecond(last?.errors ?? 0))} failed.`}
      kind="stack"
      times={steps.map(({ at }) => at)}
      series={[
        {
          name: "served",
          tone: "tone-1",
          values: steps.map(({ exchanges, errors }) => perSecond(exchanges - errors)),
        },
        { name: "failed", tone: "tone-bad", values: steps.map(({ errors }) => perSecond(errors)) },
      ]}
      textOf={rateText}
    />
  );
}

function LatencyChart({ fleet: { series } }: { readonly fleet: FleetOverview }) {
  const steps = series.slice(firstStep(series), -1);
  const last = steps.findLast(({ p50 }) => p50 !== undefined);
  return (
    <TimeChart
      title="Duration"
      summary={`Most recently, half of the requests took at most ${durationText(last?.p50)}, and 95 percent at most ${durationText(last?.p95)}.`}
      kind="lines"
      times={steps.map(({ at }) => at)}
      series={[
        { name: "median", tone: "tone-1", values: steps.map(({ p50 }) => p50) },
        { name: "95 %", tone: "tone-2", values: steps.map(({ p95 }) => p95) },
      ]}
      textOf={durationText}
      least={4}
    />
  );
}
