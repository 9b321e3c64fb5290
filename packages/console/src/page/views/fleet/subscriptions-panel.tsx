/** The subscriptions that clients have open. */
import type { OpenSubscription, SubscriptionList } from "../../../server/fleet-api.ts";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Table } from "../../components/table.tsx";
import { agoText, countText } from "../../units.ts";
import { usePolled } from "./use-polled.ts";

const everyMs = 2000;

export function SubscriptionsPanel() {
  const { value, error } = usePolled<SubscriptionList>("fleet/subscriptions", everyMs);
  if (value === undefined) {
    return error ? <ErrorNotice error={error} /> : <p class="empty">Loading …</p>;
  }
  const { total, subscriptions } = value;
  return (
    <div class="stack">
      <p class="dim">
        {countText(total)} open
        {total > subscriptions.length && `, of which the first ${countText(subscriptions.length)}`}
      </p>
      <Table
        label="Open subscriptions"
        rows={subscriptions}
        keyOf={(_one, index) => index}
        empty="No client listens. A subscription appears here while it is open."
        columns={[
          { title: "Client", cell: ({ client = "unknown" }) => client },
          { title: "Caller", cell: ({ principal, address }) => principal ?? address },
          { title: "Listens to", cell: Filter },
          { title: "Upstream", cell: ({ upstream }) => upstream ?? "several" },
          { title: "Open for", isNumber: true, cell: ({ since }) => agoText(since) },
        ]}
      />
    </div>
  );
}

const words: { readonly [member: string]: string } = {
  toolsListChanged: "the list of tools",
  promptsListChanged: "the list of prompts",
  resourcesListChanged: "the list of resources",
};

function Filter({ filter }: OpenSubscription) {
  const { resourceSubscriptions, ...flags } = filter;
  const lists = Object.keys(flags).filter((member) => flags[member]);
  const uris = Array.isArray(resourceSubscriptions) ? resourceSubscriptions : [];
  return (
    <ul class="plain">
      {lists.map((member) => (
        <li key={member}>{words[member] ?? member}</li>
      ))}
      {uris.map((uri: unknown) => (
        <li key={String(uri)}>
          <code>{String(uri)}</code>
        </li>
      ))}
    </ul>
  );
}
