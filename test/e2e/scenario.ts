/** Types of scenarios, and of what a runner provides to them. */
import type { Client, ClientOptions } from "lutra/client";
import { isProtocolError, type ProtocolError } from "lutra/client";
import { expect } from "vitest";
import type { User } from "./user.ts";

/**
 * The connections between a client and the fixture server. A `framework` parses bodies, and answers
 * malformed ones itself.
 */
export type RunnerName =
  | "memory"
  | "stdio"
  | "http"
  | "fetch"
  | "framework"
  | "fleet"
  | "gateway"
  | "legacy http"
  | "legacy stdio";

/** The runners whose client speaks an earlier revision. */
export const legacyRunners: readonly RunnerName[] = ["legacy http", "legacy stdio"];

export interface Scenario {
  /** The guarantee, as a sentence. */
  readonly name: string;
  /** The runners that support the feature of the scenario, such as headers. @default all */
  readonly only?: readonly RunnerName[];
  /** True for a feature that earlier revisions do not have. @default false */
  readonly isModern?: boolean;
  readonly run: (client: Client, harness: Harness) => Promise<void>;
}

/** A server that only one scenario uses, and may end. */
export interface OwnServer {
  readonly client: Client;
  /** Shuts the server down as an operator does. */
  readonly end: () => Promise<void>;
}

export interface Harness {
  /** The kind of server behind the client. */
  readonly user: User;
  /** Creates another client of the same server, which declares only what its options contain. */
  readonly connect: (options?: ClientOptions) => Promise<Client>;
  /** Starts another server. */
  readonly start: () => Promise<OwnServer>;
  /** Sends an HTTP request to the endpoint unchanged. Only for runners in `overHttp`. */
  readonly http: (init: RequestInit) => Promise<Response>;
}

/** The runners that speak HTTP. */
export const overHttp: readonly RunnerName[] = ["http", "fetch", "fleet", "gateway"];

/** Expects an error from the peer with this code. */
export async function expectRefusal(work: Promise<unknown>, code: number): Promise<ProtocolError> {
  const error = await work.then(
    (result) => new Error(`not refused: ${JSON.stringify(result)}`),
    (thrown: unknown) => thrown,
  );
  if (!isProtocolError(error)) throw error;
  expect(error).toMatchObject({ code, peer: true });
  return error;
}

/** Returns the text of a result that consists of one text. */
export function textOf(result: { readonly content: readonly unknown[] }): string {
  expect(result.content).toHaveLength(1);
  const [block] = result.content;
  expect(block).toMatchObject({ type: "text" });
  return (block as { readonly text: string }).text;
}
