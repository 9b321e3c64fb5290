/** The tasks in the stores of the modules that the gateway runs. */
import type { ShownTask, TaskList } from "../../../server/fleet-api.ts";
import { announcement } from "../../announcement.ts";
import { fetchJson } from "../../api.ts";
import { Badge, type Tone } from "../../components/badge.tsx";
import { ConfirmButton } from "../../components/confirm-button.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Table } from "../../components/table.tsx";
import { agoText, countText } from "../../units.ts";
import { usePolled } from "./use-polled.ts";

const everyMs = 2000;

export function TasksPanel() {
  const { value, error, refresh } = usePolled<TaskList>("fleet/tasks", everyMs);
  if (value === undefined) {
    return error ? <ErrorNotice error={error} /> : <p class="empty">Loading …</p>;
  }
  const { tasks, stores, problems } = value;
  if (stores.length === 0) {
    return (
      <p class="empty">
        The gateway runs no modules, so it knows no store of tasks. Tasks of other servers are shown
        with their calls in Explore.
      </p>
    );
  }
  return (
    <div class="stack">
      <p class="dim">{`${countText(tasks.length)} in the store of ${stores.join(", ")}`}</p>
      {problems.map((problem) => (
        <p key={problem} class="notice bad" role="alert">
          {problem}
        </p>
      ))}
      <Table
        label="Tasks"
        rows={tasks}
        keyOf={({ upstream, key }) => `${upstream} ${key}`}
        empty="The store has no tasks. Calls that become tasks appear here until they expire."
        columns={[
          { title: "Tool", cell: Tool },
          { title: "State", cell: State },
          { title: "Steps done", cell: Steps },
          { title: "Attempts", cell: Attempts },
          { title: "Caller", cell: ({ principal }) => principal ?? <span class="dim">none</span> },
          { title: "Changed", isNumber: true, cell: ({ lastUpdatedAt }) => agoText(lastUpdatedAt) },
          { title: "Action", cell: (task) => <Cancel task={task} onDone={refresh} /> },
        ]}
      />
    </div>
  );
}

function Tool({ tool, upstream, key }: ShownTask) {
  return (
    <>
      <code>{tool}</code>
      <div class="small dim">{`${upstream} · ${key.slice(0, 8)}`}</div>
    </>
  );
}

const tones: { readonly [status: string]: Tone } = {
  working: "info",
  input_required: "warn",
  completed: "good",
  failed: "bad",
  cancelled: "neutral",
};

/** The state, and the question that is open or the reason of the failure. */
function State({ status, statusMessage, questions, error, isError, isRunning }: ShownTask) {
  const isFailed = isError || status === "failed";
  return (
    <>
      <div class="row">
        <Badge tone={isFailed ? "bad" : (tones[status] ?? "neutral")}>
          {isError ? "tool error" : status.replace("_", " ")}
        </Badge>
        {status === "working" && !isRunning && <span class="small dim">waits for a worker</span>}
      </div>
      {error !== undefined && <div class="small problem">{`${error.code}: ${error.message}`}</div>}
      {error === undefined && statusMessage !== undefined && (
        <div class="small">{statusMessage}</div>
      )}
      {questions.map(({ name, message }) => (
        <div
          key={name}
          class="small"
        >{`asks ${name}${message === undefined ? "" : `: ${message}`}`}</div>
      ))}
    </>
  );
}

function Steps({ steps, status }: ShownTask) {
  const hasEnded = status !== "working" && status !== "input_required";
  if (hasEnded) return <span class="dim">ended</span>;
  return <span title={steps.join(", ")}>{countText(steps.length)}</span>;
}

function Attempts({ attempts, lostAttempts, rejections }: ShownTask) {
  const notes = [
    ...(lostAttempts > 0 ? [`${lostAttempts} lost in a row`] : []),
    ...(rejections > 0 ? [`${rejections} rejected in a row`] : []),
  ];
  return (
    <>
      {countText(attempts)}
      {notes.length > 0 && <div class="small problem">{notes.join(", ")}</div>}
    </>
  );
}

interface CancelProps {
  readonly task: ShownTask;
  readonly onDone: () => Promise<void>;
}

function Cancel({ task: { upstream, key, tool, status }, onDone }: CancelProps) {
  if (status !== "working" && status !== "input_required") return null;
  const cancel = async () => {
    await fetchJson("fleet/cancel-task", { upstream, key });
    announcement.value = `Cancelled a task of ${tool}`;
    await onDone();
  };
  return (
    <ConfirmButton
      label="Cancel"
      name={`Cancel the task ${key.slice(0, 8)} of ${tool}`}
      question={`Cancel the task of ${tool}?`}
      confirm="Cancel the task"
      isDanger
      onConfirm={cancel}
    >
      The process that runs it is told to stop. Effects of steps that have ended are not undone.
    </ConfirmButton>
  );
}
