/** A client that notes which replica answered each of its requests. */
import { type ClientOf, createClient } from "lutra/client";
import type atlas from "../server.ts";

export interface WatchedClient {
  readonly client: ClientOf<typeof atlas>;
  /** The numbers of the replicas, in the order of their answers; the gateway's own are left out. */
  readonly answeredBy: readonly number[];
  /** The questions that the server asked. The answer is always yes. */
  readonly questions: readonly string[];
}

export function createWatchedClient(url: string): WatchedClient {
  const answeredBy: number[] = [];
  const questions: string[] = [];
  const client = createClient<typeof atlas>(url, {
    clientInfo: { name: "atlas-walk", version: "1.0.0" },
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      const replica = response.headers.get("x-lutra-replica");
      if (replica !== null) answeredBy.push(Number(replica));
      return response;
    },
    onElicit: ({ message }) => {
      questions.push(message);
      return { action: "accept", content: { confirm: true } };
    },
  });
  return { client, answeredBy, questions };
}
