/** Follows a stream of events while a component is shown. */
import { useEffect, useRef, useState } from "preact/hooks";
import { followEvents, type StreamState } from "../api.ts";

/** Returns the state of the stream. Events go to the function of the latest render. */
export function useEvents(
  path: string,
  onEvent: (event: string, data: unknown) => void,
): StreamState {
  const [state, setState] = useState<StreamState>("connecting");
  const latest = useRef(onEvent);
  latest.current = onEvent;
  useEffect(
    () =>
      followEvents(path, { onEvent: (...event) => latest.current(...event), onState: setState }),
    [path],
  );
  return state;
}
