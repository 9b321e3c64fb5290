/** Results of one caller that another one could get, and results that one caller could shape. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { RequestHead } from "../attack-request.ts";
import type { Part } from "../part.ts";
import { ask, list, read } from "./asking.ts";
import { type GatewayAttack, type Observation, partOf } from "./attack.ts";
import { attackGateway } from "./attacked-gateway.ts";

interface Echo {
  readonly url: string;
  readonly close: () => void;
}

/** Starts an upstream whose results contain everything that it has received. */
async function startEcho(cacheScope: "public" | "private"): Promise<Echo> {
  const hints = { resultType: "complete", ttlMs: 3_600_000, cacheScope };
  const server = createServer(async (req, res) => {
    const body = await text(req);
    const { id, method } = JSON.parse(body) as { id: unknown; method: string };
    const seen = JSON.stringify([req.rawHeaders, body]);
    const results: { readonly [method: string]: object } = {
      "server/discover": {
        supportedVersions: ["2026-07-28"],
        capabilities: { tools: {}, resources: {} },
      },
      "tools/list": { tools: [{ name: "t", description: seen, inputSchema: { type: "object" } }] },
      "resources/read": { contents: [{ uri: "a:b", text: seen }] },
    };
    const result = { ...results[method], ...hints };
    res.setHeader("content-type", "application/json");
    res.end(JSON.stringify({ jsonrpc: "2.0", id, result }));
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

const callers = {
  alice: { authorization: "Bearer alice-token" },
  bob: { authorization: "Bearer bob-token" },
  carol: { "x-api-key": "carol-token" },
  dora: { cookie: "id=dora-token" },
  anonymous: {},
} as const;

/** Marks by which a caller could shape a result that others get. */
const marks: readonly { readonly [name: string]: string }[] = [
  { "x-forwarded-host": "evil.example" },
  { "x-forwarded-for": "evil" },
  { "user-agent": "evil" },
  { baggage: "evil=1" },
  { tracestate: "evil=1" },
  { traceparent: "00-evil" },
  { "mcp-param-x": "evil" },
  { "accept-language": "evil" },
  { "x-request-id": "evil" },
  { "sec-fetch-mode": "evil" },
  { via: "1.1 evil" },
  { referer: "http://evil.example" },
  { "x-tenant": "evil" },
];
const metaMarks: readonly string[] = [
  '"io.modelcontextprotocol/clientInfo":{"name":"evil","version":"1"}',
  '"baggage":"evil=1"',
  '"com.example/evil":"evil"',
];

/** URIs that a careless key would take for the same. */
const similar: readonly string[] = [
  ...["a:b", "a:B", "A:b", "a:b ", "a:b\u0000", "a:b?", "a:b#", "a:%62", "a:b/", "a:b/../b"],
  ...["a:\u00e9", "a:e\u0301", "__proto__:x", "constructor:x", 'a:"b"', "a:b\\", "1:1", "a:b\nc"],
];

const attacks: readonly GatewayAttack[] = [
  ...(["private", "public"] as const).map((scope) => ({
    name: `${scope} results`,
    sent: "a list and a read by five callers in turn, three times, single and merged",
    holds: "no caller gets the credentials of another one",
    run: () => crossCallers(scope),
  })),
  {
    name: "shaped results",
    sent: `${marks.length + metaMarks.length} marks in headers and _meta before a plain request`,
    holds: "no mark reaches the next caller",
    run: shapeResults,
  },
  {
    name: "similar keys",
    sent: `${similar.length} similar URIs, each twice`,
    holds: "each result is that of its URI",
    run: confuseKeys,
  },
];

export const cache: Part = partOf("cache", "Cached results", attacks);

async function crossCallers(scope: "public" | "private"): Promise<Observation> {
  const echo = await startEcho(scope);
  const answers: string[] = [];
  try {
    for (const upstreams of [{ a: echo }, { a: echo, b: echo }]) {
      await attackGateway({ upstreams: urlsOf(upstreams) }, async ({ url }) => {
        for (const { name, head } of inTurn) {
          const { status, text } = await ask(url, head, { headers: callers[name] });
          if (status === 200) answers.push(hasOthers(text, name) ? "crossed" : "own");
        }
      });
    }
  } finally {
    echo.close();
  }
  const crossings = answers.filter((one) => one === "crossed").length;
  return {
    observed: `${crossings} of ${answers.length} answers crossed`,
    isHeld: crossings === 0 && answers.length > 40,
  };
}

const callerNames = Object.keys(callers) as readonly (keyof typeof callers)[];

/** The requests of all callers, three times. */
const inTurn = [1, 2, 3].flatMap(() =>
  callerNames.flatMap((name) => [list, read("a:b")].map((head) => ({ name, head }))),
);

/** Returns true for a text with the credentials of another caller. */
function hasOthers(text: string, name: string): boolean {
  return callerNames.some((other) => other !== name && text.includes(`${other}-token`));
}

function urlsOf(upstreams: { readonly [name: string]: Echo }) {
  return Object.fromEntries(Object.entries(upstreams).map(([name, { url }]) => [name, { url }]));
}

async function shapeResults(): Promise<Observation> {
  const echo = await startEcho("public");
  let shaped = 0;
  let answers = 0;
  const probe = async (url: string, head: RequestHead) => {
    const { status, text } = await ask(url, head);
    if (status === 200) answers += 1;
    if (text.includes("evil")) shaped += 1;
  };
  try {
    const config = { upstreams: { a: { url: echo.url }, b: { url: echo.url } } };
    for (const headers of marks) {
      await attackGateway(config, async ({ url }) => {
        await ask(url, list, { headers });
        await probe(url, list);
      });
    }
    for (const meta of metaMarks) {
      await attackGateway(config, async ({ url }) => {
        await ask(url, list, { meta });
        await probe(url, list);
      });
    }
  } finally {
    echo.close();
  }
  return { observed: `${shaped} of ${answers} shaped`, isHeld: shaped === 0 && answers > 10 };
}

async function confuseKeys(): Promise<Observation> {
  const echo = await startEcho("public");
  try {
    return await attackGateway({ upstreams: { a: { url: echo.url } } }, async ({ url }) => {
      let wrong = 0;
      let answers = 0;
      for (const _round of [1, 2]) {
        for (const uri of similar) {
          const { status, text } = await ask(url, read(uri));
          if (status !== 200) continue;
          answers += 1;
          const { result } = JSON.parse(text);
          const [, sent] = JSON.parse(result.contents[0].text);
          if (JSON.parse(sent).params.uri !== uri) wrong += 1;
        }
      }
      return { observed: `${wrong} of ${answers} wrong`, isHeld: wrong === 0 && answers > 20 };
    });
  } finally {
    echo.close();
  }
}
