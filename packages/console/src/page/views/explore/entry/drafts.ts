/** The arguments that the user has entered for each entry, so that they are kept while another one is shown. */
import type { JSONObject } from "lutra/protocol";
import { useState } from "preact/hooks";

/** Maximum number of entries whose arguments are kept. */
const maxDrafts = 500;

const drafts = new Map<string, JSONObject>();

/** Sets the arguments with which the form of an entry begins. */
export function setDraft(key: string, args: JSONObject): void {
  drafts.delete(key);
  drafts.set(key, args);
  const [oldest] = drafts.keys();
  if (drafts.size > maxDrafts && oldest !== undefined) drafts.delete(oldest);
}

/** Returns the arguments of an entry, and a function that changes them. */
export function useDraft(
  key: string,
  initial: () => JSONObject,
): readonly [JSONObject, (args: JSONObject) => void] {
  const [args, setArgs] = useState(() => drafts.get(key) ?? initial());
  return [
    args,
    (next) => {
      setDraft(key, next);
      setArgs(next);
    },
  ];
}
