/** The types that `createClient` infers. The compiler checks them; this file never runs. */
import type { Serve, Transport } from "../protocol/exchange.ts";
import type { InputRequiredResult } from "../protocol/input-required.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { ServerTypes, Typed } from "../protocol/server-types.ts";
import type { CallToolResult } from "../protocol/tools.ts";
import {
  type Client,
  type ClientOf,
  createClient,
  isInputRequired,
  type TypedToolResult,
} from "./index.ts";
import type * as onNode from "./node.ts";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

interface CalculatorTypes extends ServerTypes {
  readonly tools: {
    readonly add: {
      readonly arguments: { a: number; b: number };
      readonly structuredContent: { sum: number };
    };
    readonly now: {
      readonly arguments: { zone?: string };
      readonly structuredContent: unknown;
    };
  };
  readonly prompts: {
    readonly greet: { readonly arguments: { name: string; mood?: string } };
    readonly help: { readonly arguments: Record<never, string> };
  };
  readonly resourceTemplates: "place://{id}";
}

interface Calculator extends Typed<CalculatorTypes> {
  readonly serve: Serve;
}

declare const server: Calculator;
declare const transport: Transport;

const client = createClient<typeof server>("http://localhost/mcp");
const inMemory = createClient(server);
const untyped = createClient("http://localhost/mcp");

const _typed: Equal<typeof client, ClientOf<Calculator>> = true;
const _inferred: Equal<typeof inMemory, Client<CalculatorTypes>> = true;
const _untyped: Equal<typeof untyped, Client> = true;
const overTransport = createClient(transport);
const _transport: Equal<typeof overTransport, Client> = true;
const _sameNames: Equal<keyof typeof onNode, keyof typeof import("./index.ts")> = true;

export async function tools(): Promise<void> {
  const sum = await client.callTool("add", { a: 1, b: 2 });
  const _result: Equal<typeof sum, TypedToolResult<{ sum: number }>> = true;
  const { structuredContent } = sum;
  const _content: Equal<typeof structuredContent, { sum: number } | undefined> = true;
  if (!sum.isError) sum.structuredContent.sum.toFixed();
  await client.callTool("now");
  await client.callTool("now", { zone: "utc" }, { timeoutMs: 5 });
  // @ts-expect-error there is no such tool
  await client.callTool("subtract", { a: 1, b: 2 });
  // @ts-expect-error b is missing
  await client.callTool("add", { a: 1 });
  // @ts-expect-error a is a number
  await client.callTool("add", { a: "1", b: 2 });
  // @ts-expect-error arguments are required
  await client.callTool("add");
}

export async function inputs(): Promise<void> {
  const result = await client.callTool("add", { a: 1, b: 2 }, { inputs: "manual" });
  const _manual: Equal<typeof result, TypedToolResult<{ sum: number }> | InputRequiredResult> =
    true;
  if (isInputRequired(result)) {
    const _state: Equal<typeof result.requestState, string | undefined> = true;
  } else {
    const _rest: Equal<typeof result, TypedToolResult<{ sum: number }>> = true;
  }
  const auto = await client.callTool("add", { a: 1, b: 2 }, { inputs: "auto", timeoutMs: 1 });
  const _auto: Equal<typeof auto, TypedToolResult<{ sum: number }>> = true;
  const read = await client.readResource("place://1");
  read.contents.at(0);
  const asked = await client.readResource("place://1", { inputs: "manual" });
  // @ts-expect-error it may be an input required result
  asked.contents.at(0);
}

export async function prompts(): Promise<void> {
  await client.getPrompt("greet", { name: "Ada" });
  await client.getPrompt("help");
  // @ts-expect-error name is missing
  await client.getPrompt("greet", {});
  // @ts-expect-error there is no such prompt
  await client.getPrompt("bye");
  const argument = { name: "id", value: "1" };
  await client.complete({ ref: { type: "ref/resource", uri: "place://{id}" }, argument });
  // @ts-expect-error there is no such template
  await client.complete({ ref: { type: "ref/resource", uri: "other://{id}" }, argument });
}

export async function anyServer(): Promise<void> {
  const result = await untyped.callTool("anything", { any: ["thing"] });
  const { content } = result;
  const _content: Equal<typeof content, CallToolResult["content"]> = true;
  const _structured: Equal<typeof result.structuredContent, unknown> = true;
  await untyped.callTool("anything");
  await untyped.getPrompt("anything", { text: "only" });
  // @ts-expect-error prompt arguments are strings
  await untyped.getPrompt("anything", { text: 1 });
  const args: JSONObject = {};
  await untyped.callTool("anything", args);
}

// @ts-expect-error a target has an address, a command or serve
createClient({});
createClient({ command: "node", args: ["server.js"] });
createClient(server, { timeoutMs: 5 });
// @ts-expect-error there is no such option
createClient(server, { timeout: 5 });
