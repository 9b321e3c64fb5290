import { it } from "vitest";

/** `it` on the ways that have what a test is about; elsewhere there is nothing to test. */
export function itWhere(hasIt: boolean): (name: string, run: () => Promise<void>) => void {
  return (name, run) => {
    if (hasIt) it(name, run);
  };
}
