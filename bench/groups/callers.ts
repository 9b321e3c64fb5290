/** The cost of sessions of an earlier revision, and of access tokens. */
import type { Contender } from "../contender.ts";
import { type Exchange, sessionCalls, toolCalls } from "../exchanges.ts";
import { openSession } from "../open-session.ts";
import type { Plan } from "../plan.ts";
import type { Row } from "../row.ts";
import { compare, connections, cpuRow, type Series, throughputRow } from "../throughput.ts";

const what = `tools/call, ${connections} connections`;

export async function callers(plan: Plan): Promise<readonly Row[]> {
  const entries = [
    { name: "2026-07-28", file: "./servers/lutra.mjs" },
    { name: "a session of 2025-11-25", file: "./servers/lutra.mjs" },
    { name: "an access token", file: "./servers/lutra-protected.mjs" },
  ];
  const all = await compare(entries, exchangesOf, plan);
  const [modern, session, token] = all as [Series, Series, Series];
  return [
    throughputRow(what, [session, modern], { atLeast: 0.85 }),
    cpuRow(what, [session, modern]),
    throughputRow(what, [token, modern]),
    cpuRow(what, [token, modern], { atMost: 1.35 }),
  ];
}

async function exchangesOf(
  port: number,
  { authorization }: Contender,
  index: number,
): Promise<readonly Exchange[]> {
  if (index === 1) return sessionCalls(port, await openSession(port));
  const headers = authorization === undefined ? [] : [`Authorization: ${authorization}`];
  return toolCalls(port, ["add"], headers);
}
