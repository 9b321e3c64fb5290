/** Clients of both eras that call tools one after the other, and answer questions about them. */
import { setTimeout as delay } from "node:timers/promises";
import { type Client, createClient } from "lutra/client";

/** The calls: the era of the client, and the upstream and the tool. */
export interface Call {
  readonly id: string;
  readonly client: string;
  readonly tool: string;
  /** The text of the result, or undefined for a call without one. */
  readonly answer: string | undefined;
  /** The message of the error, or undefined. */
  readonly error: string | undefined;
  /** True for a call that neither was answered nor failed in time. */
  readonly isLost: boolean;
}

const eras = ["modern", "2025-11-25"] as const;
const clientsPerEra = 4;
const tools = ["modern.look", "modern.pay", "legacy.look", "legacy.pay"] as const;
/** The time that a person takes, so that calls wait while a process ends. */
const answerMs = 200;
/** Maximum time of a call. The gateways report a lost process within about 10 s. */
const callMs = 60_000;

/** Sends calls until `isOver` returns true, and waits for the last outcomes. */
export async function runCalls(
  url: string,
  phase: string,
  isOver: () => boolean,
): Promise<readonly Call[]> {
  const calls: Call[] = [];
  const clients = eras.flatMap((era) =>
    Array.from({ length: clientsPerEra }, (_, index) => ({ era, index })),
  );
  await Promise.all(
    clients.map(async ({ era, index }) => {
      const client = createClient(url, {
        era,
        onElicit: async () => {
          await delay(answerMs); // time: a person who answers
          return { action: "accept", content: { sure: true } };
        },
        onWarning: () => {},
      });
      for (let turn = 0; !isOver(); turn += 1) {
        const tool = tools[(index + turn) % tools.length] as string;
        calls.push(await callOne(client, { id: `${phase}-${era}-${index}-${turn}`, tool, era }));
      }
      await client.close();
    }),
  );
  return calls;
}

interface Planned {
  readonly id: string;
  readonly tool: string;
  readonly era: string;
}

async function callOne(client: Client, { id, tool, era }: Planned): Promise<Call> {
  const timer = new AbortController();
  const late = delay(callMs, "late" as const, { signal: timer.signal }).catch(
    () => "late" as const,
  );
  const outcome = await Promise.race([
    client.callTool(tool, { id }).then(
      (result) => ({ result }),
      (error: Error) => ({ error: error.message }),
    ),
    late,
  ]);
  timer.abort();
  const own = { id, client: era, tool };
  if (outcome === "late") return { ...own, answer: undefined, error: undefined, isLost: true };
  if ("error" in outcome) return { ...own, answer: undefined, error: outcome.error, isLost: false };
  const [block] = outcome.result.content as readonly { readonly text?: string }[];
  return { ...own, answer: block?.text ?? "", error: undefined, isLost: false };
}
