/** The routes and the limits, and the answer to "what matches this request?". */
import { useState } from "preact/hooks";
import type { LimitOverview, MatchedRoute, RouteList } from "../../../server/fleet-api.ts";
import { fetchJson } from "../../api.ts";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Table } from "../../components/table.tsx";
import { navigate, route } from "../../router.ts";
import { countText, durationText } from "../../units.ts";
import { usePolled } from "./use-polled.ts";

const everyMs = 5000;
const methods = [
  "tools/call",
  "tools/list",
  "resources/read",
  "resources/list",
  "prompts/get",
  "prompts/list",
  "completion/complete",
  "subscriptions/listen",
  "server/discover",
  "tasks/get",
];

export function RoutesPanel() {
  const { value, error } = usePolled<RouteList>("fleet/routes", everyMs);
  const [matched, setMatched] = useState<MatchedRoute>();
  if (value === undefined) {
    return error ? <ErrorNotice error={error} /> : <p class="empty">Loading …</p>;
  }
  return (
    <div class="stack">
      <RouteTester onMatched={setMatched} hasEndpoints={value.endpoints.length > 0} />
      {matched !== undefined && <Explanation matched={matched} />}
      {(value.routes.length > 0 || value.endpoints.length === 0) && (
        <Routes title="Routes" routes={value.routes} matched={matchedAt(matched, undefined)} />
      )}
      {value.endpoints.map(({ name, hosts, path, routes }) => (
        <Routes
          key={name}
          title={`Routes of ${name} (${hosts.length === 0 ? "other hosts" : hosts.join(", ")}, ${path})`}
          routes={routes}
          matched={matchedAt(matched, name)}
        />
      ))}
      <h2>Limits</h2>
      <Table
        label="Limits"
        rows={value.limits}
        keyOf={(_limit, index) => index}
        empty="There are no limits."
        columns={[
          { title: "Applies to", cell: ({ match }) => <Json value={match ?? "every request"} /> },
          {
            title: "Counted",
            cell: ({ per }) => (per.length === 0 ? "together" : `per ${per.join(", ")}`),
          },
          { title: "Rate", cell: rateOf },
          { title: "At a time", isNumber: true, cell: ({ concurrency }) => concurrency ?? "–" },
          { title: "In flight", isNumber: true, cell: ({ use }) => countText(use?.inFlight ?? 0) },
          { title: "Last minute", cell: LastMinute },
          { title: "Most used by", cell: Busiest },
        ]}
      />
      <Refusals refusals={value.refusals} />
    </div>
  );
}

/** Returns the index of the route that matches, if it is one of this endpoint. */
function matchedAt(matched: MatchedRoute | undefined, endpoint: string | undefined) {
  return matched?.endpoint === endpoint ? matched?.route : undefined;
}

interface RoutesProps extends Pick<RouteList, "routes"> {
  readonly title: string;
  readonly matched: number | undefined;
}

function Routes({ title, routes, matched }: RoutesProps) {
  return (
    <>
      <h2>{title}</h2>
      <ol class="routes card">
        {routes.map((each, index) => (
          <li key={index} class={matched === index ? "matched" : undefined}>
            <span class="index">{index}</span>
            <RouteText route={each} />
            {matched === index && <span class="badge good">matches</span>}
          </li>
        ))}
      </ol>
    </>
  );
}

function LastMinute({ use }: LimitOverview) {
  if (use === undefined) return <>–</>;
  return (
    <>
      {`${countText(use.admitted)} admitted`}
      {use.refused > 0 && <div class="bad-text">{`${countText(use.refused)} refused`}</div>}
    </>
  );
}

/** The keys with the most requests of the last minute. */
function Busiest({ per, use }: LimitOverview) {
  if (use === undefined || per.length === 0) return <>–</>;
  return (
    <ul class="plain">
      {use.busiest.map(({ key, admitted, refused }) => (
        <li key={key}>
          <code>{keyText(key)}</code>
          {`: ${countText(admitted)}${refused > 0 ? `, ${countText(refused)} refused` : ""}`}
        </li>
      ))}
    </ul>
  );
}

/** Returns the values of a key, which is a list as JSON unless it was too long. */
function keyText(key: string): string {
  return key.startsWith("[") ? (JSON.parse(key) as unknown[]).map(String).join(", ") : key;
}

function rateOf({ rate }: LimitOverview): string {
  return rate === undefined ? "–" : `${countText(rate.requests)} in ${durationText(rate.perMs)}`;
}

/** The form. Its fields are in the address, so that a question can be linked to. */
function RouteTester({
  onMatched,
  hasEndpoints,
}: {
  readonly onMatched: (matched: MatchedRoute) => void;
  readonly hasEndpoints: boolean;
}) {
  const { query } = route.value;
  const [problem, setProblem] = useState<Error>();
  const ask = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const fields = [...form].map(([key, value]) => [key, String(value)] as const);
    const asked = Object.fromEntries(fields.filter(([, value]) => value !== ""));
    navigate(["fleet", "routes"], asked, { replace: true });
    try {
      onMatched(await fetchJson<MatchedRoute>(`fleet/match?${paramsOf(asked)}`));
      setProblem(undefined);
    } catch (error) {
      setProblem(error as Error);
    }
  };
  return (
    <form class="tester card" onSubmit={(event) => void ask(event)}>
      <h2>What matches this request?</h2>
      <div class="fields">
        <label>
          Method
          <input
            name="method"
            list="methods"
            required
            defaultValue={query.get("method") ?? "tools/call"}
          />
        </label>
        <datalist id="methods">
          {methods.map((method) => (
            <option key={method} value={method} />
          ))}
        </datalist>
        <label>
          Name or URI
          <input name="name" placeholder="search" defaultValue={query.get("name") ?? ""} />
        </label>
        <label>
          Caller
          <input
            name="principal"
            placeholder="anyone"
            defaultValue={query.get("principal") ?? ""}
          />
        </label>
        <label>
          Mirrored arguments
          <input name="params" placeholder="country=JP" defaultValue={query.get("params") ?? ""} />
        </label>
        {hasEndpoints && <EndpointFields />}
        <button type="submit" class="primary">
          Explain
        </button>
      </div>
      <p class="dim small">Nothing is sent to an upstream.</p>
      {problem !== undefined && <ErrorNotice error={problem} />}
    </form>
  );
}

/** The fields that choose one of several endpoints. */
function EndpointFields() {
  const { query } = route.value;
  return (
    <>
      <label>
        Host
        <input name="host" placeholder="another" defaultValue={query.get("host") ?? ""} />
      </label>
      <label>
        Path
        <input name="path" placeholder="/mcp" defaultValue={query.get("path") ?? ""} />
      </label>
    </>
  );
}

/** Returns the query for the API; `country=JP region=eu` are two mirrored arguments. */
function paramsOf({ params = "", ...fields }: { readonly [name: string]: string }): string {
  const query = new URLSearchParams(fields);
  for (const pair of params.split(/[\s,]+/)) {
    const [name = "", value] = pair.split("=", 2);
    if (name !== "" && value !== undefined) query.set(`param.${name}`, value);
  }
  return query.toString();
}

function Explanation({ matched: { lines } }: { readonly matched: MatchedRoute }) {
  return (
    <section class="explanation card" aria-label="Explanation" aria-live="polite">
      {lines.map((line, index) => (
        <p key={index} class={line.startsWith("=>") ? "outcome" : undefined}>
          {line}
        </p>
      ))}
    </section>
  );
}

function RouteText({
  route: { match, ...action },
}: {
  readonly route: RouteList["routes"][number];
}) {
  return (
    <div class="grow">
      <div>
        {match === undefined ? <span class="dim">every request</span> : <Json value={match} />}
      </div>
      <div class="action">
        → <Json value={withoutDefaults(action)} />
      </div>
    </div>
  );
}

/** Leaves out the members that have their default value. */
function withoutDefaults(action: { readonly [member: string]: unknown }): unknown {
  const { cache, ...rest } = action;
  return cache === false ? { ...rest, cache } : rest;
}

function Json({ value }: { readonly value: unknown }) {
  if (typeof value === "string") return <>{value}</>;
  const members = Object.entries(value as object);
  return <code>{members.map(([name, member]) => `${name}: ${textOf(member)}`).join(" · ")}</code>;
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}

function Refusals({ refusals }: Pick<RouteList, "refusals">) {
  const rows = Object.entries(refusals).sort(([, a], [, b]) => b - a);
  return (
    <>
      <h2>Refused and aborted since the start</h2>
      <Table
        label="Refusals by reason"
        rows={rows}
        keyOf={([reason]) => reason}
        empty="No request was refused or aborted."
        columns={[
          { title: "Reason", cell: ([reason]) => <code>{reason}</code> },
          { title: "Requests", isNumber: true, cell: ([, count]) => countText(count) },
        ]}
      />
    </>
  );
}
