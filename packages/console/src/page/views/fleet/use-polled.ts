/** Polls a value of the API while a component is shown. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { fetchJson } from "../../api.ts";

export interface Polled<T> {
  /** The latest value. Undefined until the first one has arrived. */
  readonly value: T | undefined;
  /** The reason why the last attempt failed. */
  readonly error: Error | undefined;
  /** Reads the value now. */
  readonly refresh: () => Promise<void>;
}

export function usePolled<T>(path: string, everyMs: number): Polled<T> {
  const [value, setValue] = useState<T>();
  const [error, setError] = useState<Error>();
  const isShown = useRef(true);
  const refresh = useCallback(async () => {
    try {
      const found = await fetchJson<T>(path);
      if (!isShown.current) return;
      setValue(found);
      setError(undefined);
    } catch (failure) {
      if (isShown.current) setError(failure as Error);
    }
  }, [path]);
  useEffect(() => {
    isShown.current = true;
    void refresh();
    const timer = setInterval(() => {
      if (!document.hidden) void refresh();
    }, everyMs);
    return () => {
      isShown.current = false;
      clearInterval(timer);
    };
  }, [refresh, everyMs]);
  return { value, error, refresh };
}
