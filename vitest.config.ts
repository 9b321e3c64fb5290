import { defineConfig } from "vitest/config";

const exclude = ["**/node_modules/**", "**/dist/**", "**/dist.next/**", "**/out/**"];

export default defineConfig({
  test: {
    projects: [
      {
        test: { name: "unit", include: ["packages/*/src/**/*.test.ts"], exclude },
      },
      {
        test: {
          name: "tools",
          include: ["tools/**/*.test.ts", "scripts/**/*.test.mjs"],
          exclude,
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/**/*.test.ts"],
          exclude,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // These tests start processes, and wait for most of their time: two files at a time, after
          // the others.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
