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
          // These tests start processes and measure time: one file at a time, after the others.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
