import { defineConfig } from "vitest/config";
import { SlowFirst } from "./tools/slow-first.ts";

const exclude = ["**/node_modules/**", "**/dist/**", "**/dist.next/**", "**/out/**"];

/** Unit tests of all packages run on the sources of `lutra`; other tests on what was built. */
const source = { conditions: ["lutra-source", "node"] };

const processTimeouts = { testTimeout: 120_000, hookTimeout: 180_000 };
/** The defaults of 1 s and 10 s are too short on a loaded machine. */
const unitTimeouts = {
  testTimeout: 30_000,
  hookTimeout: 60_000,
  expect: { poll: { timeout: 15_000 } },
};
/** Files at a time. Vitest by itself leaves one processor without any. */
const maxWorkers = "100%";

/** Searches temporary files for the secrets of fixtures before they are removed. */
const setupFiles = ["test/secrets/watch-removals.ts"];

/** Tests of pages in Chromium, which `npm run test:pages` runs. */
const pages = ["test/{apps,console,sign-in/pages}/**/*.test.ts"];
/** Those that `npm test` runs, too: attacks on hosts of apps, one view of the console, and a sign-in. */
const pagesInTest = [
  "test/apps/host/{attacks,isolation}.test.ts",
  "test/console/{fleet,size}.test.ts",
  "test/sign-in/pages/login.test.ts",
];
/** The others. */
const onlyPages = "test/sign-in/pages/!(login).test.ts";

export default defineConfig({
  test: {
    sequence: { sequencer: SlowFirst },
    projects: [
      {
        resolve: source,
        ssr: { resolve: source },
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts"],
          exclude: [...exclude, "**/*.alone.test.ts"],
          ...unitTimeouts,
          maxWorkers,
        },
      },
      {
        resolve: source,
        ssr: { resolve: source },
        test: {
          name: "unit-alone",
          include: ["packages/*/src/**/*.alone.test.ts"],
          exclude,
          ...unitTimeouts,
          fileParallelism: false,
          sequence: { groupOrder: 4 },
        },
      },
      {
        test: {
          name: "tools",
          include: ["tools/**/*.test.ts", "scripts/**/*.test.mjs"],
          exclude,
          ...unitTimeouts,
          maxWorkers,
        },
      },
      {
        test: {
          // These start processes, for which they wait most of their time.
          name: "e2e",
          setupFiles,
          include: ["test/!(apps|console)/**/*.test.ts", ...pagesInTest],
          exclude: [...exclude, "**/*.{alone,heavy}.test.ts", onlyPages],
          ...processTimeouts,
          maxWorkers: "150%",
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          // These wait for seconds or keep the machine busy, and measure at most limits of seconds.
          name: "heavy",
          setupFiles,
          include: ["test/!(apps|console)/**/*.heavy.test.ts"],
          exclude,
          ...processTimeouts,
          maxWorkers,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          // These measure short times or memory, or fail on a busy machine: one at a time, at the end.
          name: "alone",
          setupFiles,
          include: ["test/!(apps|console)/**/*.alone.test.ts"],
          exclude,
          ...processTimeouts,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          // Several browsers at a time would slow each other down.
          name: "pages",
          setupFiles,
          include: pages,
          exclude,
          ...processTimeouts,
          fileParallelism: false,
          sequence: { groupOrder: 5 },
        },
      },
    ],
  },
});
