/** The progress of a call, as a bar. */
import type { RunSummary } from "../../../../server/explore/runs.ts";

export function ProgressView({ run }: { readonly run: RunSummary }) {
  const { progress, task } = run;
  const message = progress?.message ?? (task?.statusMessage as string | undefined);
  const known = progress?.total === undefined || progress.total <= 0 ? undefined : progress;
  return (
    <div class="progress">
      {known === undefined ? (
        <progress aria-label="Progress of the call" />
      ) : (
        <progress aria-label="Progress of the call" value={known.progress} max={known.total} />
      )}
      <span class="small dim">
        {known !== undefined && `${known.progress} of ${known.total}`}
        {known === undefined && progress !== undefined && `${progress.progress}`}
        {message !== undefined && ` ${message}`}
        {progress === undefined && message === undefined && "Waiting for the server …"}
      </span>
    </div>
  );
}
