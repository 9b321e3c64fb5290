/** Requests of at most 4 MiB that are expensive to read, to decode or to look up. */
import { bodyOf, type RequestHead } from "./attack-request.ts";

export interface RequestCase extends RequestHead {
  readonly what: string;
  readonly body: () => string;
}

/** The default `maxBodyBytes` of a server, less the envelope of a request. */
const maxBytes = 4 * 1024 * 1024 - 1000;

const long = () => "a".repeat(maxBytes);
const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const manyOf = (item: string) => Array(Math.floor(maxBytes / (item.length + 1))).fill(item);
const objects = () => `[${manyOf("{}").join(",")}]`;
const keys = (count: number, value = "1") =>
  `{${Array.from({ length: count }, (_, index) => `"k${index}":${value}`).join(",")}}`;
const uris = () =>
  Array.from({ length: 1000 }, (_, index) => `"page://${index}/${"b/".repeat(2000)}"`).join(",");

const call = (name: string): RequestHead => ({ method: "tools/call", name });
const take = call("take");
const list: RequestHead = { method: "tools/list" };
const listen: RequestHead = { method: "subscriptions/listen" };
const complete: RequestHead = { method: "completion/complete" };

/** A request of `members` as its parameters. */
const of = (what: string, head: RequestHead, members: () => string): RequestCase => ({
  what,
  ...head,
  body: () => bodyOf(head, members()),
});

export const requestCases: readonly RequestCase[] = [
  { what: "no JSON", ...take, body: () => "x".repeat(maxBytes) },
  { what: "an unfinished string", ...take, body: () => `{"jsonrpc":"2.0","id":"${long()}` },
  { what: "escapes", ...take, body: () => `"${"\\u00e9".repeat(maxBytes / 6)}"` },
  { what: "white space", ...take, body: () => " ".repeat(maxBytes) },
  { what: "2,000,000 nested lists", ...take, body: () => nested(2_000_000) },
  { what: "a batch of empty objects", ...take, body: objects },
  { what: "a long id", ...list, body: () => bodyOf(list, "", JSON.stringify(long())) },
  of("arguments: a long string", take, () => `"arguments":{"v":"${long()}"}`),
  of("arguments: 250,000 keys", take, () => `"arguments":${keys(250_000)}`),
  of("arguments: 45,000 keys", take, () => `"arguments":${keys(45_000)}`),
  of("arguments: 45,000 empty objects", take, () => {
    return `"arguments":{"v":[${Array(45_000).fill("{}").join(",")}]}`;
  }),
  of("arguments: empty objects", take, () => `"arguments":{"v":${objects()}}`),
  of("arguments: 20,000 nested lists", take, () => `"arguments":{"v":${nested(20_000)}}`),
  of("a question about long arguments", call("ask"), () => `"arguments":{"v":"${long()}"}`),
  of("a long requestState", call("ask"), () => `"requestState":"${long()}"`),
  of("20,000 answers that were not requested", call("ask"), () => {
    const answers = Array.from({ length: 20_000 }, (_, index) => `"q${index}":{"action":"cancel"}`);
    return `"inputResponses":{${answers.join(",")}}`;
  }),
  of("a long cursor", list, () => `"cursor":"${long()}"`),
  of("a long log level", list, () => `"logLevel":"${long()}"`),
  of("a filter of 1,000 long URIs", listen, () => {
    return `"notifications":{"resourceSubscriptions":[${uris()}]}`;
  }),
  of("a filter of empty objects", listen, () => {
    return `"notifications":{"resourceSubscriptions":${objects()}}`;
  }),
  of("a completion of a long value", complete, () => {
    const ref = '"ref":{"type":"ref/resource","uri":"page://{part}/a/{rest}"}';
    return `${ref},"argument":{"name":"part","value":"${long()}"}`;
  }),
  of("a completion for a long URI", complete, () => {
    const ref = `"ref":{"type":"ref/resource","uri":"page://${"a/".repeat(maxBytes / 2 - 10)}"}`;
    return `${ref},"argument":{"name":"part","value":""}`;
  }),
  of("a prompt with 45,000 arguments", { method: "prompts/get", name: "review" }, () => {
    return `"arguments":${keys(45_000, '""')}`;
  }),
  {
    what: "a long URI, with headers that do not match",
    method: "resources/read",
    name: "page://a",
    body: () => bodyOf({ method: "resources/read", name: `page://${"a/".repeat(2_000_000)}` }),
  },
];
