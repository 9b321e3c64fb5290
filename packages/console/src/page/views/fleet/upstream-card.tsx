/** An upstream with its load and its replicas, which can be drained and readmitted. */
import type {
  FleetOverview,
  ReplicaOverview,
  UpstreamOverview,
} from "../../../server/fleet-api.ts";
import { announcement } from "../../announcement.ts";
import { fetchJson } from "../../api.ts";
import { Sparkline } from "../../charts/sparkline.tsx";
import { Badge, type Tone } from "../../components/badge.tsx";
import { ConfirmButton } from "../../components/confirm-button.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { hrefOf } from "../../router.ts";
import { countText, durationText, percentText, rateText } from "../../units.ts";

export interface UpstreamCardProps {
  readonly upstream: UpstreamOverview;
  /** The index of the first step of the series that is shown. */
  readonly firstStep: number;
  /** Called with the state after a change. */
  readonly onFleet: (fleet: FleetOverview) => void;
}

const kinds = { url: "over HTTP", command: "a command", module: "a module" } as const;

const states: { readonly [state in ReplicaOverview["state"]]: readonly [Tone, string] } = {
  up: ["good", "Takes requests"],
  warming: ["info", "Has returned, and gets fewer requests at first"],
  starting: ["neutral", "Has not answered a check yet"],
  out: ["bad", "Ejected after failures; it is checked again"],
  drained: ["warn", "Taken out of service; it gets no new requests"],
};

export function UpstreamCard({ upstream, firstStep, onFleet }: UpstreamCardProps) {
  const { name, kind, inFlight, ownSubscriptions, queued, load, series = [], replicas } = upstream;
  const perStep = series.slice(firstStep, -1).map(({ exchanges }) => exchanges);
  return (
    <section class="upstream card" aria-label={`Upstream ${name}`}>
      <div class="spread">
        <h2>
          {name} <span class="dim small">{kinds[kind]}</span>
        </h2>
        <p class="row small">
          <span>
            <strong>{rateText(load?.perSecond ?? 0)}</strong>/s
          </span>
          <span>
            median <strong>{durationText(load?.p50)}</strong>
          </span>
          <span>
            95 % <strong>{durationText(load?.p95)}</strong>
          </span>
          <span class={load !== undefined && load.errorShare >= 0.05 ? "bad-text" : undefined}>
            errors <strong>{percentText(load?.errorShare ?? 0)}</strong>
          </span>
          <span>
            in flight <strong>{countText(inFlight - ownSubscriptions)}</strong>
          </span>
          {queued > 0 && (
            <span>
              queued <strong>{countText(queued)}</strong>
            </span>
          )}
          <a href={hrefOf(["traces"], { upstream: name })}>Traces</a>
        </p>
      </div>
      {perStep.length > 0 && (
        <Sparkline
          values={perStep}
          summary={`Requests to ${name} in the last 10 minutes: ${perStep.reduce((a, b) => a + b, 0)}`}
        />
      )}
      <Table
        label={`Replicas of ${name}`}
        columns={columnsOf(upstream, onFleet)}
        rows={[...replicas].sort(byName)}
        keyOf={(replica) => replica.name}
        empty="No replica is known yet."
      />
    </section>
  );
}

/** Replicas are named by numbers, in the order in which they have become ready. */
function byName(a: ReplicaOverview, b: ReplicaOverview): number {
  return a.name.localeCompare(b.name, "en", { numeric: true });
}

function columnsOf(
  upstream: UpstreamOverview,
  onFleet: UpstreamCardProps["onFleet"],
): readonly Column<ReplicaOverview>[] {
  const base: readonly Column<ReplicaOverview>[] = [
    { title: "Replica", cell: Identity },
    { title: "State", cell: State },
    { title: "In flight", isNumber: true, cell: InFlight },
    { title: "Per second", isNumber: true, cell: ({ load }) => rateText(load?.perSecond ?? 0) },
    { title: "Median", isNumber: true, cell: ({ load }) => durationText(load?.p50) },
    { title: "95 %", isNumber: true, cell: ({ load }) => durationText(load?.p95) },
    { title: "Errors", isNumber: true, cell: ({ load }) => percentText(load?.errorShare ?? 0) },
  ];
  if (!upstream.canDrain) return base;
  const cell = (replica: ReplicaOverview) => (
    <ServiceButton upstream={upstream} replica={replica} onFleet={onFleet} />
  );
  return [...base, { title: "Service", cell }];
}

function Identity({ name, address, pid, speaks }: ReplicaOverview) {
  const details = [address, pid !== undefined && `pid ${pid}`, speaks].filter(Boolean).join(" · ");
  return (
    <>
      <strong>{name}</strong>
      <div class="small dim mono cut" title={details}>
        {details}
      </div>
    </>
  );
}

/** The subscriptions with which the gateway follows the lists of the upstream are not load of clients. */
function InFlight({ inFlight, ownSubscriptions }: ReplicaOverview) {
  return (
    <>
      {countText(inFlight - ownSubscriptions)}
      {ownSubscriptions > 0 && (
        <div class="small dim">{`+ ${countText(ownSubscriptions)} of the gateway`}</div>
      )}
    </>
  );
}

function State({ state, failures, lastError }: ReplicaOverview) {
  const [tone, title] = states[state];
  return (
    <>
      <Badge tone={tone} title={title}>
        {state}
      </Badge>
      {failures > 0 && (
        <div class="small bad-text">
          {failures} {failures === 1 ? "failure" : "failures"}: {lastError}
        </div>
      )}
    </>
  );
}

interface ServiceButtonProps extends Pick<UpstreamCardProps, "upstream" | "onFleet"> {
  readonly replica: ReplicaOverview;
}

function ServiceButton({ upstream, replica, onFleet }: ServiceButtonProps) {
  const isDrained = replica.state === "drained";
  const change = async () => {
    const action = isDrained ? "readmit" : "drain";
    const body = { upstream: upstream.name, replica: replica.name };
    onFleet(await fetchJson<FleetOverview>(`fleet/${action}`, body));
    const done = isDrained ? "takes requests again" : "gets no new requests";
    announcement.value = `Replica ${replica.name} of ${upstream.name} ${done}`;
  };
  const named = `replica ${replica.name} of ${upstream.name}`;
  if (isDrained) {
    return (
      <ConfirmButton
        label="Readmit"
        name={`Readmit ${named}`}
        question={`Readmit ${named}?`}
        confirm="Readmit"
        onConfirm={change}
      >
        It gets requests again as soon as its checks succeed.
      </ConfirmButton>
    );
  }
  const others = upstream.replicas.filter(
    ({ name, state }) => name !== replica.name && (state === "up" || state === "warming"),
  );
  return (
    <ConfirmButton
      label="Drain"
      name={`Drain ${named}`}
      question={`Drain ${named}?`}
      confirm="Drain"
      isDanger={others.length === 0}
      onConfirm={change}
    >
      <p>
        It gets no new requests until you readmit it. {countText(replica.inFlight)} in flight may
        finish; subscriptions stay until the replica ends them.
      </p>
      {others.length === 0 && (
        <p class="notice bad">
          No other replica of {upstream.name} takes requests. The gateway will answer 503.
        </p>
      )}
    </ConfirmButton>
  );
}
