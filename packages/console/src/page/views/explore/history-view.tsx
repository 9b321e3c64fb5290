/** The calls of this session: searched, opened, and repeated. */
import { useState } from "preact/hooks";
import type { RunKind, RunSummary } from "../../../server/explore/runs.ts";
import { fetchJson } from "../../api.ts";
import { WindowedList } from "../../components/windowed-list.tsx";
import { hrefOf, navigate } from "../../router.ts";
import { setDraft } from "./entry/drafts.ts";
import { runs, startRun } from "./explore-state.ts";
import { FollowTask } from "./follow-task.tsx";
import { RunPanel } from "./run/run-panel.tsx";
import { RunState } from "./run/run-state.tsx";

const rowHeight = 60;

export function HistoryView({ selected }: { readonly selected: string | undefined }) {
  const run = runs.value.find(({ id }) => String(id) === selected);
  if (selected !== undefined) return <OneCall run={run} />;
  return <AllCalls />;
}

function AllCalls() {
  const [search, setSearch] = useState("");
  const found = runs.value.filter((run) => matches(run, search));
  return (
    <article class="entry history">
      <header class="entry-head">
        <p class="eyebrow">This session</p>
        <h1>History</h1>
      </header>
      <div class="row">
        <input
          class="grow"
          type="search"
          aria-label="Search calls"
          placeholder="Search names and arguments"
          value={search}
          onInput={({ currentTarget }) => setSearch(currentTarget.value)}
        />
        <button
          type="button"
          disabled={runs.value.length === 0}
          onClick={() => void fetchJson("explore/clear", {}).catch(() => {})}
        >
          Clear
        </button>
      </div>
      {found.length === 0 ? (
        <p class="empty">{runs.value.length === 0 ? "No calls so far." : "Nothing found."}</p>
      ) : (
        <div class="card history-list" style={{ height: `${found.length * rowHeight + 2}px` }}>
          <WindowedList
            label="Calls"
            items={found}
            rowHeight={rowHeight}
            keyOf={({ id }) => String(id)}
            render={(run) => <CallRow run={run} />}
          />
        </div>
      )}
      <FollowTask />
    </article>
  );
}

function matches({ name, kind, args }: RunSummary, search: string): boolean {
  const text = `${kind} ${name} ${JSON.stringify(args)}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function CallRow({ run }: { readonly run: RunSummary }) {
  const { id, name, args, startedAt } = run;
  const text = JSON.stringify(args);
  return (
    <a class="call-row" href={hrefOf(["explore", "history", String(id)])}>
      <span class="grow">
        <span class="entry-title">{name}</span>
        <span class="entry-note mono">{text === "{}" ? "" : text}</span>
      </span>
      <RunState run={run} />
      <time class="dim small">{new Date(startedAt).toLocaleTimeString("en-GB")}</time>
    </a>
  );
}

/** The lists in which the kinds of calls are found. */
const listOf: { readonly [kind in RunKind]?: string } = {
  tool: "tools",
  prompt: "prompts",
  resource: "resources",
};

function OneCall({ run }: { readonly run: RunSummary | undefined }) {
  const back = (
    <a class="small" href={hrefOf(["explore", "history"])}>
      All calls
    </a>
  );
  if (run === undefined) {
    return <p class="empty">This call is no longer in the history. {back}</p>;
  }
  const { kind, name, args } = run;
  const list = listOf[kind];
  const repeat = async () =>
    navigate(["explore", "history", String(await startRun(kind, name, args))]);
  const edit = (section: string) => {
    setDraft(`${kind} ${name}`, args);
    navigate(["explore", section, name]);
  };
  return (
    <article class="entry">
      <header class="entry-head">
        <p class="eyebrow">{back}</p>
        <h1>{name}</h1>
        <p class="small dim">{`${kind}, ${new Date(run.startedAt).toLocaleString("en-GB")}`}</p>
        {Object.keys(args).length > 0 && (
          <pre class="code">{JSON.stringify(args, undefined, 2)}</pre>
        )}
        <div class="row">
          <button type="button" class="primary" onClick={() => void repeat().catch(() => {})}>
            Run again
          </button>
          {list !== undefined && (
            <button type="button" onClick={() => edit(list)}>
              Edit and run
            </button>
          )}
        </div>
      </header>
      <RunPanel key={run.id} run={run} />
    </article>
  );
}
