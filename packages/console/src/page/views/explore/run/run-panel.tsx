/** A call: its state, the questions of the server, its result, its messages, and code for it. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { RunLog, RunSummary } from "../../../../server/explore/runs.ts";
import { fetchJson } from "../../../api.ts";
import { Badge } from "../../../components/badge.tsx";
import { JsonView } from "../../../components/json-view.tsx";
import { Tabs } from "../../../components/tabs.tsx";
import { hrefOf } from "../../../router.ts";
import { LoadedApp } from "../app/loaded-app.tsx";
import { catalogue, questions, type RunDetails } from "../explore-state.ts";
import { ResultView } from "../result/result-view.tsx";
import { CodeView } from "./code-view.tsx";
import { MessageList } from "./message-list.tsx";
import { ProgressView } from "./progress-view.tsx";
import { QuestionCard } from "./question-card.tsx";
import { RunState } from "./run-state.tsx";
import { useRun } from "./use-run.ts";

/** Age of a call that the user is waiting for, in milliseconds. */
const recentMs = 5000;

export function RunPanel({ run }: { readonly run: RunSummary }) {
  const [chosen, setTab] = useState<string>();
  const details = useRun(run.id);
  const sandbox = details && sandboxFor(details);
  const tab = chosen ?? (sandbox === undefined ? "result" : "app");
  const box = useRef<HTMLElement>(null);
  const isRead = details !== undefined;
  useEffect(() => {
    // A call that has just started may be below the window.
    if (Date.now() - run.startedAt > recentMs || box.current === null) return;
    const isTall = box.current.clientHeight > 0.8 * innerHeight;
    box.current.scrollIntoView({ block: isTall ? "start" : "nearest" });
  }, [isRead, run.state]);
  const asked = questions.value.filter(({ runId }) => runId === run.id);
  return (
    <section class="card run" aria-label={`Call of ${run.name}`} ref={box}>
      <div class="spread">
        <RunState run={run} />
        <span class="row">
          {run.state === "running" && <CancelButton run={run} />}
          <a class="small" href={hrefOf(["explore", "history", String(run.id)])}>
            {`Call ${run.id}`}
          </a>
        </span>
      </div>
      {asked.map((question) => (
        <QuestionCard key={question.id} question={question} />
      ))}
      {run.state === "running" && asked.length === 0 && <ProgressView run={run} />}
      {details !== undefined && (
        <Tabs
          label="Parts of the call"
          tabs={[
            ...(sandbox === undefined ? [] : [{ name: "app", label: "App" }]),
            { name: "result", label: "Result" },
            {
              name: "messages",
              label: <Counted label="Messages" count={details.messages.length} />,
            },
            ...(details.logs.length > 0
              ? [{ name: "logs", label: <Counted label="Log" count={details.logs.length} /> }]
              : []),
            { name: "code", label: "Code" },
          ]}
          selected={tab}
          onSelect={setTab}
        >
          <Panel tab={tab} details={details} sandbox={sandbox} />
        </Tabs>
      )}
    </section>
  );
}

interface PanelProps {
  readonly tab: string;
  readonly details: RunDetails;
  /** The origin of the sandbox, for a result that an app shows. */
  readonly sandbox: string | undefined;
}

function Panel({ tab, details, sandbox }: PanelProps) {
  if (tab === "app" && sandbox !== undefined) return <LoadedApp run={details} sandbox={sandbox} />;
  if (tab === "messages") return <MessageList messages={details.messages} />;
  if (tab === "logs") return <Logs logs={details.logs} />;
  if (tab === "code") return <CodeView run={details} />;
  return <ResultView run={details} />;
}

/** Returns the origin of the sandbox if the result of a call can be shown by the app of its tool. */
function sandboxFor({ kind, name, result }: RunDetails): string | undefined {
  const { apps } = catalogue.value ?? {};
  const hasApp = kind === "tool" && result !== undefined && apps?.tools.includes(name);
  return hasApp ? apps?.sandbox : undefined;
}

function CancelButton({ run }: { readonly run: RunSummary }) {
  const cancel = () => void fetchJson("explore/cancel", { id: run.id }).catch(() => {});
  return (
    <button type="button" class="danger" onClick={cancel}>
      {run.task === undefined ? "Cancel" : "Cancel task"}
    </button>
  );
}

function Counted({ label, count }: { readonly label: string; readonly count: number }) {
  return (
    <>
      {label} <span class="count">{count}</span>
    </>
  );
}

function Logs({ logs }: { readonly logs: readonly RunLog[] }) {
  return (
    <ul class="stack">
      {logs.map(({ at, level, logger, data }) => (
        <li key={at} class="row">
          <Badge tone={level === "error" || level === "critical" ? "bad" : "neutral"}>
            {level}
          </Badge>
          {logger !== undefined && <span class="dim">{logger}</span>}
          {typeof data === "string" ? <span>{data}</span> : <JsonView value={data} depth={1} />}
        </li>
      ))}
    </ul>
  );
}
