/**
 * The order of test files: those that take longest come first, so that no worker waits for one of
 * them at the end. Vitest orders a fresh clone by size, and some of the slowest files are small.
 */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take over 30 seconds on two cores. */
const slow =
  /\/test\/(?:conformance\/(?:client|gateway|server)|tasks\/conformance|examples\/atlas-start|package\/publish|console\/(?:access|explore))\.test\.ts$/;

export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isSlow = ({ moduleId }: TestSpecification) => slow.test(moduleId);
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
  }
}
