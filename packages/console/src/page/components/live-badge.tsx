/** The state of the stream that keeps a view current. */
import type { StreamState } from "../api.ts";
import { Badge } from "./badge.tsx";

export function LiveBadge({ state }: { readonly state: StreamState }) {
  if (state === "open") {
    return (
      <Badge tone="good" title="This view is updated as things change">
        <span class="pulse" aria-hidden="true" />
        Live
      </Badge>
    );
  }
  const isLost = state === "lost";
  return <Badge tone={isLost ? "bad" : "neutral"}>{isLost ? "Disconnected" : "Connecting"}</Badge>;
}
