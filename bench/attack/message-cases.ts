/** Messages of a hostile server that are expensive to read, to decode or to check. */

/** The operation of the client that receives the message. */
export type Operation = "list" | "call" | "listen";

export interface MessageCase {
  readonly what: string;
  readonly operation: Operation;
  /** The result of the operation, as JSON. */
  readonly result?: () => string;
  /** The body of the response, in place of a response with `result`. */
  readonly body?: (id: number) => string;
  /** True for a body that is an event stream. */
  readonly isStream?: boolean;
}

/** The default `maxResponseBytes` of a client, less the envelope of a response. */
const maxBytes = 16 * 1024 * 1024 - 1000;

const long = () => "a".repeat(maxBytes);
const repeated = (count: number, item: string) => Array(count).fill(item).join(",");
const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const tool = (name: string, more = "") =>
  `{"name":"${name}","inputSchema":{"type":"object"}${more}}`;
const listOf = (tools: string) =>
  `{"resultType":"complete","ttlMs":0,"cacheScope":"private","tools":[${tools}]}`;
const complete = (members: string) => `{"resultType":"complete",${members}}`;
const event = (json: string) => `data: ${json}\n\n`;

const acknowledged = (id: number, more = "") =>
  event(
    `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":${id}},"notifications":{"toolsListChanged":true}${more}}}`,
  );
const changed = (id: number, more: string) =>
  event(
    `{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":${id}},${more}}}`,
  );

const sampling =
  '{"method":"sampling/createMessage","params":{"messages":[{"role":"user","content":{"type":"text","text":"a"}}],"maxTokens":1}}';

export const messageCases: readonly MessageCase[] = [
  // The first message is small, because a new process also loads and compiles its code.
  { what: "tools: null", operation: "list", result: () => listOf("null") },
  {
    what: "tools that are not objects",
    operation: "list",
    result: () => listOf('1,"x",{},{"name":5}'),
  },
  {
    what: "inputSchema: null",
    operation: "list",
    result: () => listOf(tool("t").replace('{"type":"object"}', "null")),
  },
  {
    what: "nextCursor: 7",
    operation: "list",
    result: () => `{"nextCursor":7,${listOf("").slice(1)}`,
  },
  {
    what: "content without its members",
    operation: "call",
    result: () => complete('"content":[{"type":"image"}]'),
  },
  {
    what: 'isError: "yes"',
    operation: "call",
    result: () => complete('"content":[],"isError":"yes"'),
  },
  { what: "no JSON", operation: "call", body: () => "x".repeat(maxBytes) },
  { what: "2,000,000 nested lists", operation: "call", body: () => nested(2_000_000) },
  { what: "a batch of empty objects", operation: "call", body: () => `[${repeated(4e6, "{}")}]` },
  {
    what: "tools: 3,000,000 nulls",
    operation: "list",
    result: () => listOf(repeated(3e6, "null")),
  },
  {
    what: "12,000 tools",
    operation: "list",
    result: () => listOf(Array.from({ length: 12_000 }, (_, at) => tool(`t${at}`)).join(",")),
  },
  {
    what: "12,000 tools with the same name",
    operation: "list",
    result: () => listOf(repeated(12_000, tool("t"))),
  },
  {
    what: "a tool with a schema of 30,000 parts",
    operation: "list",
    result: () =>
      listOf(tool("t", `,"outputSchema":{"allOf":[${repeated(30_000, '{"type":"object"}')}]}`)),
  },
  {
    what: "a tool with a long description",
    operation: "list",
    result: () => listOf(tool("t", `,"description":"${long()}"`)),
  },
  {
    what: "a long nextCursor",
    operation: "list",
    result: () => `{"nextCursor":"${long()}",${listOf("").slice(1)}`,
  },
  {
    what: "a long text",
    operation: "call",
    result: () => complete(`"content":[{"type":"text","text":"${long()}"}]`),
  },
  {
    what: "15,000 pieces of content",
    operation: "call",
    result: () => complete(`"content":[${repeated(15_000, '{"type":"text","text":"a"}')}]`),
  },
  {
    what: "structured content with 45,000 keys",
    operation: "call",
    result: () => {
      const keys = Array.from({ length: 45_000 }, (_, at) => `"k${at}":1`);
      return complete(`"content":[],"structuredContent":{${keys.join(",")}}`);
    },
  },
  {
    what: "4,000 input requests",
    operation: "call",
    result: () => {
      const asked = Array.from({ length: 4000 }, (_, at) => `"q${at}":${sampling}`);
      return `{"resultType":"input_required","inputRequests":{${asked.join(",")}}}`;
    },
  },
  {
    what: "an error with a long message",
    operation: "call",
    body: (id) => `{"jsonrpc":"2.0","id":${id},"error":{"code":-32603,"message":"${long()}"}}`,
  },
  {
    what: "an event in lines of one character",
    operation: "call",
    isStream: true,
    body: () => `${"data: a\n".repeat(1_000_000)}\n`,
  },
  {
    what: "an event without an end",
    operation: "call",
    isStream: true,
    body: () => `data: ${"a".repeat(maxBytes + 2000)}`,
  },
  {
    what: "comments",
    operation: "call",
    isStream: true,
    body: () => ":\n".repeat(4_000_000),
  },
  {
    what: "a notification of 120 nested lists",
    operation: "listen",
    isStream: true,
    body: (id) => `${acknowledged(id)}${changed(id, `"v":${nested(120)}`)}`,
  },
  {
    what: "a notification of 3,000 nested lists",
    operation: "listen",
    isStream: true,
    body: (id) => `${acknowledged(id)}${changed(id, `"v":${nested(3000)}`)}`,
  },
  {
    what: "a notification with a long member",
    operation: "listen",
    isStream: true,
    body: (id) => `${acknowledged(id)}${changed(id, `"v":"${long()}"`)}`,
  },
  {
    what: "a notification with 45,000 keys",
    operation: "listen",
    isStream: true,
    body: (id) => {
      const keys = Array.from({ length: 45_000 }, (_, at) => `"k${at}":1`);
      return `${acknowledged(id)}${changed(id, keys.join(","))}`;
    },
  },
  {
    what: "an acknowledgment with a long member",
    operation: "listen",
    isStream: true,
    body: (id) => acknowledged(id, `,"v":"${long()}"`),
  },
];
