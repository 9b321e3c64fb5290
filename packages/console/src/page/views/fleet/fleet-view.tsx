/** The view for people who run a gateway: its upstreams, routes, cache, subscriptions and eras. */
import { useState } from "preact/hooks";
import type { FleetOverview } from "../../../server/fleet-api.ts";
import { Badge } from "../../components/badge.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { LiveBadge } from "../../components/live-badge.tsx";
import { Tabs } from "../../components/tabs.tsx";
import { useEvents } from "../../components/use-events.ts";
import { navigate } from "../../router.ts";
import { CachePanel } from "./cache-panel.tsx";
import { ErasPanel } from "./eras-panel.tsx";
import { OverviewPanel } from "./overview-panel.tsx";
import { RoutesPanel } from "./routes-panel.tsx";
import { SubscriptionsPanel } from "./subscriptions-panel.tsx";
import { TasksPanel } from "./tasks-panel.tsx";

const tabs = [
  { name: "upstreams", label: "Upstreams" },
  { name: "routes", label: "Routes and limits" },
  { name: "cache", label: "Cache" },
  { name: "subscriptions", label: "Subscriptions" },
  { name: "tasks", label: "Tasks" },
  { name: "eras", label: "Eras" },
];

export function FleetView({ path }: { readonly path: readonly string[] }) {
  const [fleet, setFleet] = useState<FleetOverview>();
  const state = useEvents("fleet/live", (event, data) => {
    if (event === "fleet") setFleet(data as FleetOverview);
  });
  const selected = tabs.find(({ name }) => name === path[0])?.name ?? "upstreams";
  return (
    <div class="fleet">
      <div class="spread">
        <div>
          <h1>{fleet?.name ?? "Gateway"}</h1>
          {fleet !== undefined && (
            <p class="dim row">
              <code>{fleet.url}</code>
              <CopyButton label="Copy URL" text={() => fleet.url} />
              <span>Lutra {fleet.version}</span>
            </p>
          )}
        </div>
        <div class="row">
          {fleet !== undefined && (
            <Badge tone={fleet.isReady ? "good" : "bad"}>
              {fleet.isReady ? "Ready" : "Not ready"}
            </Badge>
          )}
          <LiveBadge state={state} />
        </div>
      </div>
      {fleet?.problem !== undefined && (
        <p class="notice warn" role="status">
          {fleet.problem}
        </p>
      )}
      <Tabs
        label="Parts of the gateway"
        tabs={tabs}
        selected={selected}
        onSelect={(name) => navigate(["fleet", name])}
      >
        {selected === "upstreams" && <OverviewPanel fleet={fleet} onFleet={setFleet} />}
        {selected === "routes" && <RoutesPanel />}
        {selected === "cache" && <CachePanel />}
        {selected === "subscriptions" && <SubscriptionsPanel />}
        {selected === "tasks" && <TasksPanel />}
        {selected === "eras" && <ErasPanel fleet={fleet} />}
      </Tabs>
    </div>
  );
}
