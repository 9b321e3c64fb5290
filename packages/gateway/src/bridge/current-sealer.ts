/** The sealer of keys that a reload may replace. */
import { createSealer, type Sealer, type SealKey } from "lutra/server";

/** Returns a function for the sealer of the current keys. */
export function currentSealer(keys: () => readonly SealKey[]): () => Sealer {
  let sealer: Sealer | undefined;
  let sealed: readonly SealKey[] | undefined;
  return () => {
    const current = keys();
    if (sealer === undefined || current !== sealed) {
      sealer = createSealer(current);
      sealed = current;
    }
    return sealer;
  };
}
