/** One trace for each story, over client, gateway and three replicas, each a process of its own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  endLutra,
  type RunningServer,
  runLutra,
  runNodeIn,
  startLutra,
  untilListening,
} from "../cli/run-lutra.ts";
import { compiled } from "../compiled.ts";
import { writeConfig } from "../gateway/config-file.ts";
import { type OtlpReceiver, type ReceivedSpan, startReceiver, treeOf } from "./otlp-receiver.ts";

const server = compiled(new URL("fixtures/traced-server.ts", import.meta.url));
const client = compiled(new URL("fixtures/traced-client.ts", import.meta.url));

let receiver: OtlpReceiver;
let folder: string;

beforeAll(async () => {
  receiver = await startReceiver();
  folder = await mkdtemp(join(tmpdir(), "lutra-tracing-"));
});

afterAll(async () => {
  await receiver.close();
  await rm(folder, { recursive: true, force: true });
});

/** Starts a client process that tells a story. */
function start(story: string, url: string, ...more: readonly string[]) {
  return runNodeIn(".", client, story, url, ...more, receiver.env);
}

/** Runs a story to its end, and returns what the client has printed. */
async function tell(...args: Parameters<typeof start>): Promise<readonly string[]> {
  const { exited, closed, stdout, stderr } = start(...args);
  expect(await exited, stderr.join("\n")).toBe(0);
  await closed;
  return stdout;
}

/** Returns the spans of a story. The polls of a task, which vary in number, are left out. */
function spansOf(story: string): readonly ReceivedSpan[] {
  const root = rootOf(story);
  const isPoll = (span: ReceivedSpan) => span.attributes["mcp.method.name"] === "tasks/get";
  return receiver.spans.filter((span) => span.traceId === root.traceId && !isPoll(span));
}

function rootOf(story: string): ReceivedSpan {
  const found = receiver.spans.find(({ name, service }) => name === story && service === "client");
  if (found === undefined) throw new Error(`no span of ${story}`);
  return found;
}

function treeOfStory(story: string): readonly string[] {
  return treeOf(spansOf(story), rootOf(story), describeSpan);
}

const services: { readonly [name: string]: string } = {
  "lutra-gateway": "gateway",
  "traced-fixture": "replica",
};

function describeSpan({ name, kind, service, attributes, links }: ReceivedSpan): string {
  const error = attributes["error.type"];
  const cache = attributes["lutra.gateway.cache"];
  return [
    `${services[String(service)] ?? service} ${kind} ${name}`,
    ...(error === undefined ? [] : [`failed with ${error}`]),
    ...(cache === undefined ? [] : [`cache ${cache}`]),
    ...links.map((id) => `linked to ${nameOf(id)}`),
  ].join(", ");
}

function nameOf(id: string): string {
  const found = receiver.spans.find((span) => span.id === id);
  return found === undefined ? "nothing" : `${found.kind} ${found.name}`;
}

describe("a fleet that passes requests through", () => {
  let fleet: RunningServer;
  const printed: { [story: string]: readonly string[] } = {};

  beforeAll(async () => {
    fleet = await startLutra("up", server, "--replicas", "3", receiver.env);
    const { url } = fleet;
    printed.call = await tell("call", url);
    printed.elicitation = await tell("elicitation", url);
    await tell("list", url);
    // The second list comes from the cache of the gateway.
    printed.list = await tell("list again", url);
    printed.retry = await tell("retry", url, join(folder, "marker"));
    printed.task = await killDuringTask(url);
    // A program exports its last spans when it ends.
    await endLutra(fleet);
  }, 90_000);

  /** Kills the replica that runs a task, once its first step is recorded. */
  async function killDuringTask(url: string): Promise<readonly string[]> {
    const { line, exited, stdout } = start("task", url);
    const [, pid] = await line(/^begun by (\d+)$/);
    await receiver.until((spans) => spans.some(({ name }) => name === "step begin"));
    process.kill(Number(pid), "SIGKILL");
    expect(await exited).toBe(0);
    return stdout;
  }

  it("shows a call from the agent to the handler", () => {
    expect(printed.call).toEqual(["3"]);
    expect(treeOfStory("call")).toEqual([
      "client INTERNAL call",
      "  client CLIENT tools/call add",
      "    gateway SERVER tools/call add",
      "      gateway CLIENT tools/call add",
      "        replica SERVER tools/call add",
      "          replica INTERNAL execute_tool add",
    ]);
  });

  it("shows an elicitation across two replicas, with the second round linked to the first", () => {
    expect(printed.elicitation).toEqual(["accept"]);
    expect(treeOfStory("elicitation")).toEqual([
      "client INTERNAL elicitation",
      "  client CLIENT tools/call book",
      "    gateway SERVER tools/call book",
      "      gateway CLIENT tools/call book",
      "        replica SERVER tools/call book",
      "          replica INTERNAL execute_tool book",
      "            replica INTERNAL step reserve",
      "  client CLIENT tools/call book, linked to CLIENT tools/call book",
      "    gateway SERVER tools/call book",
      "      gateway CLIENT tools/call book",
      "        replica SERVER tools/call book, linked to SERVER tools/call book",
      "          replica INTERNAL execute_tool book",
      "            replica INTERNAL step pay",
    ]);
    const rounds = spansOf("elicitation").filter(({ name }) => name === "execute_tool book");
    expect(new Set(rounds.map(({ pid }) => pid)).size).toBe(2);
  });

  it("shows an attempt at a task after its replica was killed, below the request that created it", () => {
    expect(printed.task?.at(-1)).toMatch(/^ended by \d+$/);
    const spans = spansOf("task");
    const tree = treeOf(spans, rootOf("task"), describeSpan);
    expect(tree).toEqual([
      "client INTERNAL task",
      "  client CLIENT tools/call survive",
      "    gateway SERVER tools/call survive",
      "      gateway CLIENT tools/call survive",
      "        replica SERVER tools/call survive",
      "          replica INTERNAL store tasks create",
      "          replica INTERNAL execute_tool survive",
      "            replica INTERNAL store tasks replace",
      "            replica INTERNAL store events publish",
      "            replica INTERNAL step end",
      "            replica INTERNAL store tasks replace",
    ]);
    // The span of the first attempt ended with its process, but that of its step had been exported.
    const steps = spans.filter(({ name }) => name.startsWith("step"));
    expect(steps.map(({ name }) => name).sort()).toEqual(["step begin", "step end"]);
    expect(new Set(steps.map(({ pid }) => pid)).size).toBe(2);
  });

  it("shows a hit of the response cache, without an upstream", () => {
    expect(printed.list).toEqual(["4 tools"]);
    expect(treeOfStory("list again")).toEqual([
      "client INTERNAL list again",
      "  client CLIENT tools/list",
      "    gateway SERVER tools/list, cache hit",
    ]);
  });

  it("shows the attempts of a request whose first replica died", () => {
    expect(printed.retry).toEqual(["answered"]);
    expect(treeOfStory("retry")).toEqual([
      "client INTERNAL retry",
      "  client CLIENT tools/call flaky",
      "    gateway SERVER tools/call flaky",
      "      gateway CLIENT tools/call flaky, failed with broken",
      "      gateway CLIENT tools/call flaky",
      "        replica SERVER tools/call flaky",
      "          replica INTERNAL execute_tool flaky",
    ]);
  });
});

it("shows the policies of a gateway that parses requests", async () => {
  const file = await writeConfig({
    listen: { port: 0 },
    admin: false,
    upstreams: { fleet: { module: server, replicas: 1 } },
    limits: [{ per: ["address"], rate: { requests: 100, perMs: 1000 } }],
  });
  const gateway = await untilListening(runLutra("gateway", file.path, receiver.env));
  await tell("parsed call", gateway.url);
  await endLutra(gateway);
  await file.remove();
  expect(treeOfStory("parsed call")).toEqual([
    "client INTERNAL parsed call",
    "  client CLIENT tools/call add",
    "    gateway SERVER tools/call add",
    "      gateway INTERNAL wait limits",
    "      gateway CLIENT tools/call add",
    "        replica SERVER tools/call add",
    "          replica INTERNAL execute_tool add",
  ]);
});
