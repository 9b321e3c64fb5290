/** Lists that are too long, too deep or without an end. */
import { once } from "node:events";
import { createServer as createHttpServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text as textOf } from "node:stream/consumers";
import { startRecordingUpstream } from "../../../test/gateway/recording-upstream.ts";
import { milliseconds } from "../part.ts";
import { ask, call, list } from "./asking.ts";
import type { GatewayAttack, Observation } from "./attack.ts";
import { attackGateway } from "./attacked-gateway.ts";

/** One tool, as JSON. */
const tool = (name: string, schema = '{"type":"object"}') =>
  `{"name":"${name}","inputSchema":${schema}}`;

interface HostileList {
  readonly name: string;
  readonly sent: string;
  /** Returns the members of a page with this cursor, as JSON. */
  readonly page: (cursor: string | undefined) => string;
}

const deep = (depth: number) => `${'{"not":'.repeat(depth)}{}${"}".repeat(depth)}`;

const hostileLists: readonly HostileList[] = [
  {
    name: "a deep schema",
    sent: "a list with a schema of 5,000 levels",
    page: () => `"tools":[${tool("deep", deep(5000))}]`,
  },
  {
    name: "a long list",
    sent: "a list of 12,000 tools",
    page: () => `"tools":[${Array.from({ length: 12_000 }, (_, at) => tool(`t${at}`)).join(",")}]`,
  },
  {
    name: "endless pages",
    sent: "a list whose pages never end",
    page: (cursor) =>
      `"tools":[${tool(`t${cursor ?? 0}`)}],"nextCursor":"${Number(cursor ?? 0) + 1}"`,
  },
  {
    name: "one cursor",
    sent: "a list with the same cursor on each page",
    page: () => `"tools":[${tool("t")}],"nextCursor":"same"`,
  },
];

export const listAttacks: readonly GatewayAttack[] = hostileLists.map(({ name, sent, page }) => ({
  name,
  sent: `${sent}, merged with another server`,
  holds: "the list of the other server is answered, and the hostile one is named",
  isOnlyWhole: true,
  run: () => listHostile(page),
}));

async function listHostile(page: HostileList["page"]): Promise<Observation> {
  const hostile = await startListServer(page);
  const other = await startRecordingUpstream("other");
  const config = { upstreams: { hostile: { url: hostile.url }, other: { url: other.url } } };
  try {
    return await attackGateway(config, async ({ url, stderr }) => {
      const { status, text, ms } = await ask(url, list);
      const { result = {} } = JSON.parse(text || "{}");
      const isNamed = JSON.stringify(result._meta ?? {}).includes("hostile");
      // Later pages of the list have the tools of the other server.
      const { status: called } = await ask(url, call("echo"), {
        members: '"arguments":{"text":"a"}',
      });
      const crashes = stderr.filter((line) => line.includes("Internal error"));
      return {
        observed: `${status} in ${milliseconds(ms)}, ${isNamed ? "named" : "not named"}; a call of the other: ${called}`,
        isHeld: status === 200 && isNamed && called === 200 && crashes.length === 0,
      };
    });
  } finally {
    hostile.close();
    await other.close();
  }
}

async function startListServer(page: HostileList["page"]) {
  const server: Server = createHttpServer(async (req, res) => {
    const { id, method, params } = JSON.parse(await textOf(req));
    res.setHeader("content-type", "application/json");
    const members =
      method === "tools/list"
        ? `${page(params.cursor)},"ttlMs":0,"cacheScope":"public"`
        : '"supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}';
    res.end(
      `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"resultType":"complete",${members}}}`,
    );
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
