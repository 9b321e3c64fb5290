/** The memory that a replica keeps of sessions of an earlier revision, whose ids are sealed. */
import { start, withContenders } from "../contender.ts";
import { openSession } from "../open-session.ts";
import type { Plan } from "../plan.ts";
import { type Row, row, significant } from "../row.ts";

/** Sessions before the first reading, so that the caches of a bounded size are full. */
const warmUpCount = 2000;

export async function sessions({ sessions: count }: Plan): Promise<readonly Row[]> {
  const options = { nodeOptions: ["--expose-gc"] };
  return withContenders([start("Lutra", "./servers/lutra.mjs", options)], async ([lutra]) => {
    if (lutra === undefined) return [];
    await visit(lutra.port, warmUpCount);
    const { heapBytes: before = Number.NaN } = await lutra.usage(true);
    await visit(lutra.port, count);
    const { heapBytes: after = Number.NaN } = await lutra.usage(true);
    const megabytes = (bytes: number) => significant(bytes / 1_000_000);
    return [
      row({
        what: `heap kept of ${count.toLocaleString("en")} sessions of 2025-11-25, per session`,
        values: [Math.max(0, after - before) / count],
        medians: `${megabytes(after)} / ${megabytes(before)} MB, after a collection`,
        unit: " bytes",
        target: { atMost: 50 },
      }),
    ];
  });
}

/** Opens sessions, each with one request. */
async function visit(port: number, count: number): Promise<void> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 2, method: "ping" });
  for (let index = 0; index < count; index += 1) {
    const session = await openSession(port);
    const response = await fetch(`http://127.0.0.1:${port}/mcp`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2025-11-25",
        "mcp-session-id": session,
      },
      body,
    });
    await response.text();
    if (response.status !== 200) throw new Error(`ping: status ${response.status}`);
  }
}
