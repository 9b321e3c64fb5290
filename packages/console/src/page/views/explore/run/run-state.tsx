/** The state of a call in one word, and its duration. */
import type { RunSummary } from "../../../../server/explore/runs.ts";
import { Badge, type Tone } from "../../../components/badge.tsx";
import { questions } from "../explore-state.ts";

const tones: { readonly [state in RunSummary["state"]]: Tone } = {
  running: "info",
  done: "good",
  failed: "bad",
  cancelled: "warn",
};

export function RunState({ run }: { readonly run: RunSummary }) {
  const { id, state, isError, startedAt, endedAt, task } = run;
  const isAsking = questions.value.some(({ runId }) => runId === id);
  return (
    <span class="row">
      {isError ? <Badge tone="bad">tool error</Badge> : <Badge tone={tones[state]}>{state}</Badge>}
      {isAsking && <Badge tone="warn">asks you</Badge>}
      {task !== undefined && (
        <Badge title={String(task.taskId)}>{`task: ${task.status ?? "new"}`}</Badge>
      )}
      {endedAt !== undefined && <span class="dim small">{durationText(endedAt - startedAt)}</span>}
    </span>
  );
}

/** Returns a duration such as "12 ms" or "3.4 s". */
function durationText(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}
