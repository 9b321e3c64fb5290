/** The state of the gateway, of its upstreams and of their replicas, with their load. */
import type { FleetOverview, UpstreamOverview } from "@lutra/console";
import type { Readiness } from "../admin/readiness.ts";
import { version } from "../own-version.ts";
import type { UpstreamStatus } from "../upstreams/upstream.ts";
import { stepMs } from "./load-window.ts";
import type { Recorder } from "./recorder.ts";

export interface OverviewSources {
  readonly recorder: Recorder;
  readonly name: () => string;
  readonly url: () => string;
  readonly readiness: () => Readiness;
  readonly upstreams: () => readonly UpstreamStatus[];
  /** Returns true if the replicas of an upstream can be taken out of service. */
  readonly canDrain: (upstream: string) => boolean;
}

/** Maximum number of replicas of one upstream that are shown. */
const maxReplicas = 500;

export function fleetOverview(sources: OverviewSources): FleetOverview {
  const { loads, subscriptions } = sources.recorder;
  const statuses = sources.upstreams();
  loads.keepOnly(statuses);
  const { isReady, problem } = sources.readiness();
  return {
    name: sources.name(),
    version,
    url: sources.url(),
    isReady,
    problem,
    at: Date.now(),
    stepMs,
    load: loads.total(),
    series: loads.series(),
    eras: loads.eras(),
    refusals: loads.refusals(),
    subscriptions: subscriptions.size,
    upstreams: statuses.map((status) => upstreamOverview(status, sources)),
  };
}

function upstreamOverview(
  { name, kind, inFlight, ownSubscriptions, queued, replicas }: UpstreamStatus,
  { recorder: { loads }, canDrain }: OverviewSources,
): UpstreamOverview {
  const found = loads.ofUpstream(name);
  return {
    name,
    kind,
    inFlight,
    ownSubscriptions,
    queued,
    canDrain: canDrain(name),
    load: found?.load,
    series: found?.series,
    replicas: replicas
      .slice(0, maxReplicas)
      .map((replica) => ({ ...replica, load: loads.ofReplica(name, replica.name) })),
  };
}
