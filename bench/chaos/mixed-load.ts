/** Connections that send requests of four kinds, one after the other. */
import { latestVersion, metaKeys } from "lutra/protocol";
import { Client } from "undici";

export const kinds = ["list", "read", "look", "pay"] as const;
export type Kind = (typeof kinds)[number];

/** The outcomes of the requests of one kind. */
export interface Outcome {
  readonly latencies: number[];
  /** Failures by response. */
  readonly failures: Map<string, number>;
}

export interface MixedLoad {
  readonly outcomes: { readonly [kind in Kind]: Outcome };
  /** The ids of payments whose call returned a result. */
  readonly paid: Set<string>;
}

interface Message {
  readonly method: string;
  readonly name?: string;
  readonly params: object;
}

const _meta = { [metaKeys.protocolVersion]: latestVersion, [metaKeys.clientCapabilities]: {} };

function messageOf(kind: Kind, id: string): Message {
  switch (kind) {
    case "list":
      return { method: "tools/list", params: {} };
    case "read":
      return {
        method: "resources/read",
        name: "chaos://readme",
        params: { uri: "chaos://readme" },
      };
    default:
      return { method: "tools/call", name: kind, params: { name: kind, arguments: { id } } };
  }
}

/** Sends requests until `durationMs` have passed, and waits for the last responses. */
export async function runMixedLoad(
  url: string,
  { connections, durationMs }: { readonly connections: number; readonly durationMs: number },
): Promise<MixedLoad> {
  const outcome = (): Outcome => ({ latencies: [], failures: new Map() });
  const outcomes = { list: outcome(), read: outcome(), look: outcome(), pay: outcome() };
  const load: MixedLoad = { outcomes, paid: new Set() };
  const endAt = performance.now() + durationMs;
  await Promise.all(
    Array.from({ length: connections }, async (_, connection) => {
      const client = new Client(new URL(url).origin);
      for (let turn = 0; performance.now() < endAt; turn += 1) {
        const kind = kinds[(connection + turn) % kinds.length] as Kind;
        await sendOne(client, { url, kind, id: `${connection}-${turn}` }, load);
      }
      await client.close();
    }),
  );
  return load;
}

interface Sending {
  readonly url: string;
  readonly kind: Kind;
  readonly id: string;
}

async function sendOne(client: Client, { url, kind, id }: Sending, load: MixedLoad): Promise<void> {
  const { method, name, params } = messageOf(kind, id);
  const { latencies, failures } = load.outcomes[kind];
  const startedAt = performance.now();
  const failure = await client
    .request({
      path: new URL(url).pathname,
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": latestVersion,
        "mcp-method": method,
        ...(name !== undefined && { "mcp-name": name }),
      },
      body: JSON.stringify({ jsonrpc: "2.0", id, method, params: { ...params, _meta } }),
    })
    .then(async ({ statusCode, body }) => {
      const text = await body.text();
      const { result, error } = JSON.parse(text);
      if (statusCode === 200 && result !== undefined) return undefined;
      return `${statusCode} ${error?.message ?? text}`;
    })
    .catch((error: Error) => error.message);
  latencies.push(performance.now() - startedAt);
  if (failure !== undefined) failures.set(failure, (failures.get(failure) ?? 0) + 1);
  else if (kind === "pay") load.paid.add(id);
}
