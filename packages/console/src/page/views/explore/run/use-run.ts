/** Reads a call with its outcome and messages, and reads it again when it changes. */
import { useEffect, useState } from "preact/hooks";
import { fetchJson } from "../../../api.ts";
import { catalogue, messageCount, type RunDetails, runs } from "../explore-state.ts";

/** Returns undefined until the call is read, and for one that is no longer in the history. */
export function useRun(id: number | undefined): RunDetails | undefined {
  const [details, setDetails] = useState<RunDetails>();
  const summary = runs.value.find((run) => run.id === id);
  // The app of a result sends requests after its end.
  const hasApp = catalogue.value?.apps?.tools.includes(summary?.name ?? "") ?? false;
  const messages = summary?.state === "running" || hasApp ? messageCount.value : 0;
  useEffect(() => {
    if (id === undefined) return;
    const abort = new AbortController();
    fetchJson<RunDetails>(`explore/run?id=${id}`, undefined, { signal: abort.signal }).then(
      setDetails,
      () => {},
    );
    return () => abort.abort();
  }, [id, summary?.revision, messages]);
  return details?.id === id ? details : undefined;
}
