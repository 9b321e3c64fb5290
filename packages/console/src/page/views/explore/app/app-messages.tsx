/** The messages between an app and the page, the oldest first, with the reason of each refusal. */
import type { AppRecord } from "lutra/apps/host";
import { Badge } from "../../../components/badge.tsx";
import { JsonView } from "../../../components/json-view.tsx";

export function AppMessages({ records }: { readonly records: readonly AppRecord[] }) {
  return (
    <details class="small">
      <summary>
        Messages of the app <span class="count">{records.length}</span>
      </summary>
      <ul class="stack" aria-label="Messages of the app">
        {records.map(({ from, method, message, refused }, index) => (
          <li key={index} class="row">
            <Badge tone={from === "view" ? "info" : "neutral"}>{from}</Badge>
            <code>{method ?? "response"}</code>
            {refused !== undefined && <Badge tone="bad">{refused}</Badge>}
            <JsonView value={message} depth={0} />
          </li>
        ))}
      </ul>
    </details>
  );
}
