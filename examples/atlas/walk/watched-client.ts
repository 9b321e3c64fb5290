/** A client that records the replica that answered each request. */
import { type ClientOf, createClient } from "lutra/client";
import { followTasks } from "lutra/tasks";
import type atlas from "../server.ts";

export interface WatchedClient {
  readonly client: ClientOf<typeof atlas>;
  /** The numbers of the replicas, in the order of their answers; the gateway's own answers are omitted. */
  readonly answeredBy: readonly number[];
  /** Returns the replica that answered the last request of a method. */
  readonly lastReplica: ReadonlyMap<string, number>;
  /** The input requests of the server. The answer is always the same. */
  readonly questions: readonly string[];
}

/** The user's answer to the input request of this name. */
const answers = { confirm: true, units: "mi" } as const;

export function createWatchedClient(url: string): WatchedClient {
  const answeredBy: number[] = [];
  const lastReplica = new Map<string, number>();
  const questions: string[] = [];
  const client = createClient<typeof atlas>(url, {
    clientInfo: { name: "atlas-walk", version: "1.0.0" },
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      const replica = response.headers.get("x-lutra-replica");
      if (replica !== null) {
        answeredBy.push(Number(replica));
        const method = new Headers(init?.headers).get("mcp-method");
        if (method !== null) lastReplica.set(method, Number(replica));
      }
      return response;
    },
    extensions: [followTasks()],
    onElicit: ({ message, ...question }) => {
      questions.push(message);
      const asked = "requestedSchema" in question ? question.requestedSchema.properties : {};
      const content = Object.entries(answers).filter(([name]) => name in asked);
      return { action: "accept", content: Object.fromEntries(content) };
    },
  });
  return { client, answeredBy, lastReplica, questions };
}
