/** A resource: its contents, and the announcements of its changes. */
import type { Resource } from "lutra/protocol";
import { fetchJson } from "../../../api.ts";
import { Badge } from "../../../components/badge.tsx";
import { lastRunOf, notifications, startRun, subscriptions } from "../explore-state.ts";
import { RunPanel } from "../run/run-panel.tsx";
import { CallForm } from "./call-form.tsx";
import { EntryHead } from "./entry-head.tsx";

export interface ResourceViewProps {
  readonly uri: string;
  /** Absent for a resource that is not listed, such as one of a template. */
  readonly resource: Resource | undefined;
}

export function ResourceDetail({ uri, resource }: ResourceViewProps) {
  const { title, name = uri, description, mimeType, size } = resource ?? {};
  const run = lastRunOf("resource", (each) => each === uri);
  return (
    <article class="entry">
      <EntryHead kind="Resource" name={uri} title={title ?? name} description={description}>
        {mimeType !== undefined && <Badge>{mimeType}</Badge>}
        {size !== undefined && <Badge>{`${size} bytes`}</Badge>}
      </EntryHead>
      <CallForm
        action="Read"
        onSubmit={() => startRun("resource", uri, {})}
        actions={<SubscribeButton uri={uri} />}
      />
      {run !== undefined && <RunPanel key={run.id} run={run} />}
    </article>
  );
}

/** Follows the changes of a resource, and counts them. */
export function SubscribeButton({ uri }: { readonly uri: string }) {
  const isFollowed = subscriptions.value.uris.includes(uri);
  const changes = notifications.value.filter(({ params }) => params?.uri === uri);
  const toggle = () =>
    void fetchJson("explore/subscribe", { uri, isWanted: !isFollowed }).catch(() => {});
  return (
    <>
      <button type="button" aria-pressed={isFollowed} onClick={toggle}>
        {isFollowed ? "Following changes" : "Follow changes"}
      </button>
      {changes.length > 0 && (
        <Badge tone="info">{`${changes.length} ${changes.length === 1 ? "change" : "changes"}`}</Badge>
      )}
    </>
  );
}
