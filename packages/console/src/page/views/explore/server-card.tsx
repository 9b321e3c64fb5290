/** The server in the navigation: its name, its era, and the state of the connection. */
import { Badge } from "../../components/badge.tsx";
import { hrefOf } from "../../router.ts";
import { catalogue, catalogueProblem, isReading, streamState, target } from "./explore-state.ts";

export function ServerCard({ isSelected }: { readonly isSelected: boolean }) {
  const { server, era } = catalogue.value ?? {};
  const name = String(server?.title ?? server?.name ?? target.value?.label ?? "Server");
  return (
    <a
      class="server-card"
      href={hrefOf(["explore", "server"])}
      aria-current={isSelected ? "page" : undefined}
    >
      <span class="entry-title">
        {name} {server?.version !== undefined && <span class="dim">{String(server.version)}</span>}
      </span>
      <span class="row">
        <ConnectionBadge />
        {era !== undefined && (
          <Badge tone={era === "modern" ? "neutral" : "warn"} title="The era of the server">
            {era}
          </Badge>
        )}
      </span>
    </a>
  );
}

function ConnectionBadge() {
  if (streamState.value === "lost") return <Badge tone="bad">console stopped</Badge>;
  if (catalogueProblem.value !== undefined) return <Badge tone="bad">not reachable</Badge>;
  if (catalogue.value === undefined || isReading.value) return <Badge tone="info">reading …</Badge>;
  return <Badge tone="good">connected</Badge>;
}
