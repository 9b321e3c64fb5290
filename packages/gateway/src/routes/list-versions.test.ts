import type { Result } from "lutra/protocol";
import { expect, it } from "vitest";
import { listVersions } from "./list-versions.ts";

async function ask(method: string, result: Result): Promise<Result> {
  const serve = listVersions(["2026-07-28", "2025-11-25"])(async () => result);
  const { signal } = new AbortController();
  return serve({ jsonrpc: "2.0", id: 1, method }, { signal, notify: () => {} });
}

it.each([
  ["only the current version", ["2026-07-28"]],
  ["other earlier versions", ["2026-07-28", "2025-06-18", "2025-11-25"]],
])(
  "lists the gateway's own earlier versions for an upstream that serves %s",
  async (_what, sent) => {
    const result = await ask("server/discover", { supportedVersions: sent, capabilities: {} });
    expect(result).toEqual({ supportedVersions: ["2026-07-28", "2025-11-25"], capabilities: {} });
  },
);

it("leaves other results and malformed lists as they are", async () => {
  const result = { supportedVersions: ["x"] };
  expect(await ask("tools/list", result)).toBe(result);
  const malformed = { supportedVersions: "x" };
  expect(await ask("server/discover", malformed)).toBe(malformed);
});
