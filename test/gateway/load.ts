/** Clients that call a tool continuously while a gateway changes. */
import { callTool } from "../cli/http.ts";

export interface Load {
  /** Resolves when a call that starts from now on has been answered with this text. */
  readonly until: (text: string) => Promise<void>;
  /** Ends the load and resolves to its report. */
  readonly stop: () => Promise<LoadReport>;
}

interface LoadReport {
  readonly answers: number;
  /** Every wrong answer. */
  readonly failures: readonly string[];
}

/** Keeps the given number of calls of `tool` in flight, one for each client. */
export function startLoad(url: string, tool: string, clients: number): Load {
  const failures: string[] = [];
  const waiting = new Set<{ readonly text: string; readonly from: number; resolve: () => void }>();
  let asked = 0;
  let answers = 0;
  let isOver = false;

  const call = async () => {
    asked += 1;
    const turn = asked;
    const { status, body } = await callTool(url, tool);
    if (status !== 200 || !body.result) throw new Error(`${status} ${JSON.stringify(body)}`);
    const [{ text }] = body.result.content as [{ text: string }];
    answers += 1;
    for (const each of waiting) {
      if (turn <= each.from || text !== each.text) continue;
      waiting.delete(each);
      each.resolve();
    }
  };
  const client = async () => {
    while (!isOver) {
      await call().catch((error: unknown) => failures.push(String(error)));
    }
  };
  const running = Array.from({ length: clients }, client);

  return {
    until: (text) =>
      new Promise((resolve) => {
        waiting.add({ text, from: asked, resolve });
      }),
    stop: async () => {
      isOver = true;
      await Promise.all(running);
      return { answers, failures };
    },
  };
}
