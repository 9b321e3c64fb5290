import type {
  CallToolResult,
  ClientOptions,
  ElicitRequestFormParams,
  ElicitResult,
  VersionNegotiationMode,
} from "@modelcontextprotocol/client";
import {
  Client,
  ProtocolError,
  SdkError,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { expect } from "vitest";
import { lutraCommand } from "../../e2e/lutra-command.ts";

/** The ways in which the official client finds the version. */
export const modes: readonly VersionNegotiationMode[] = ["auto", { pin: "2026-07-28" }];

/** The location of a server: a URL, or a module to start. */
export type Place = { readonly url: string } | { readonly module: string };

/** An HTTP request as it left the client. */
interface SentRequest {
  readonly headers: { readonly [name: string]: string };
}

export interface Connected {
  readonly client: Client;
  /** HTTP requests so far; empty on stdio. */
  readonly sent: SentRequest[];
  /** The user's next answers; without one a question fails. */
  readonly answers: ElicitResult[];
  /** The questions so far. */
  readonly questions: ElicitRequestFormParams[];
  /** The methods of the change notifications so far. */
  readonly heard: string[];
}

/** One way on which an official client meets our server, and what the tests on it share. */
export interface Meeting {
  readonly place: "http" | "stdio" | "fleet";
  readonly mode: VersionNegotiationMode;
  /** A client that declares everything. */
  readonly shared: Connected;
  /** Connects another client of the same server. */
  readonly connect: (options: ClientOptions) => Promise<Connected>;
  /** Calls a tool with the shared client. */
  readonly call: (name: string, args?: Record<string, unknown>) => Promise<CallToolResult>;
}

/** Connects an official client that answers for the user, the model and the file system. */
export async function connectOfficial(
  place: Place,
  mode: VersionNegotiationMode,
  options: ClientOptions,
): Promise<Connected> {
  const info = { name: "official-client", version: "2.4.0" };
  const client = new Client(info, { ...options, versionNegotiation: { mode } });
  const connected: Connected = { client, sent: [], answers: [], questions: [], heard: [] };
  answerWith(connected, options);
  for (const list of ["tools", "resources", "prompts"] as const) {
    client.setNotificationHandler(`notifications/${list}/list_changed`, ({ method }) => {
      connected.heard.push(method);
    });
  }
  await client.connect(transportTo(place, connected.sent));
  return connected;
}

function transportTo(place: Place, sent: SentRequest[]) {
  if ("module" in place) {
    const { command, args } = lutraCommand("serve", place.module, "--stdio");
    return new StdioClientTransport({ command, args: [...args] });
  }
  return new StreamableHTTPClientTransport(new URL(place.url), {
    fetch: (url, init) => {
      sent.push({ headers: Object.fromEntries(new Headers(init?.headers)) });
      return fetch(url, init);
    },
  });
}

function answerWith(connected: Connected, { capabilities = {} }: ClientOptions): void {
  const { client, questions, answers } = connected;
  if (capabilities.elicitation) {
    client.setRequestHandler("elicitation/create", async ({ params }) => {
      questions.push(params as ElicitRequestFormParams);
      const answer = answers.shift();
      if (answer === undefined) throw new Error(`no answer to: ${params.message}`);
      return answer;
    });
  }
  if (capabilities.sampling) {
    client.setRequestHandler("sampling/createMessage", async () => ({
      role: "assistant",
      model: "test-model",
      content: { type: "text", text: "old pond" },
    }));
  }
  if (capabilities.roots) {
    client.setRequestHandler("roots/list", async () => ({
      roots: [{ uri: "file:///home/zoe", name: "home" }],
    }));
  }
}

/** The URI of the next update that a client receives. */
export function nextUpdate({ client, heard }: Connected): Promise<string> {
  return new Promise((resolve) => {
    client.setNotificationHandler("notifications/resources/updated", ({ method, params }) => {
      heard.push(method);
      resolve(params.uri);
    });
  });
}

/** Expects the peer's error, as opposed to a failure on this side of the wire. */
export async function expectError(work: Promise<unknown>, code: number): Promise<ProtocolError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof SdkError) throw error;
  expect(error).toBeInstanceOf(ProtocolError);
  expect((error as ProtocolError).code).toBe(code);
  return error as ProtocolError;
}
