/**
 * The second run of test files that failed: on a busy machine, one of thousands of tests can meet a
 * delay that no limit foresees. A file that fails alone, too, fails the run. One that passes is
 * printed as unstable, with its failures, so that the cause can be found.
 */

/** Maximum number of files that are run again. More failures have a common cause. */
export const maxFiles = 4;

/**
 * Returns the files of a report of Vitest (`--reporter=json`) that may be run again, with the names
 * of the tests that failed. Returns undefined if the run must fail: for too many files, and for
 * errors outside of tests.
 */
export function filesToRecheck(report) {
  const failed = report.testResults.filter(({ status }) => status === "failed");
  const files = failed.map(({ name, assertionResults }) => ({
    name,
    tests: assertionResults.filter((one) => one.status === "failed").map((one) => one.fullName),
  }));
  const isExplained = files.length > 0 && files.every(({ tests }) => tests.length > 0);
  return isExplained && files.length <= maxFiles ? files : undefined;
}

/** Returns the lines that name the tests that failed beside the others and passed alone. */
export function unstableLines(files) {
  return [
    "UNSTABLE: these tests failed beside the others, and passed alone. Find the cause:",
    ...files.flatMap(({ name, tests }) => [`  ${name}`, ...tests.map((test) => `    ${test}`)]),
  ];
}
