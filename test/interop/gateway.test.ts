/**
 * Three servers with clashing names behind one gateway, as the official client 2.4.0 sees them: ours
 * over HTTP, one built on the official SDK over HTTP, and a program over stdio.
 */
import { fileURLToPath } from "node:url";
import { type Gateway, startGateway } from "@lutra/gateway";
import type { CallToolResult, ClientOptions } from "@modelcontextprotocol/client";
import { serveHttp } from "lutra/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask } from "../cli/http.ts";
import { createFixture } from "../e2e/server.ts";
import { serveOfficial } from "./fixtures/official-http.ts";
import { type Connected, connectOfficial, expectError, modes } from "./official-client/meeting.ts";

const piped = fileURLToPath(new URL("fixtures/piped-server.ts", import.meta.url));
const upstreams = ["lutra", "official", "piped"] as const;

const close: (() => Promise<unknown>)[] = [];
let gateway: Gateway;

beforeAll(async () => {
  const lutra = await serveHttp(createFixture(), { port: 0 });
  close.push(lutra.close);
  const official = await serveOfficial();
  close.push(official.close);
  gateway = await startGateway({
    listen: { port: 0 },
    admin: false,
    log: false,
    name: "union",
    upstreams: {
      lutra: { url: lutra.url },
      official: { url: official.url },
      piped: { command: [process.execPath, "--import", "tsx", piped] },
    },
  });
  close.push(() => gateway.close());
});

afterAll(async () => {
  for (const end of close.reverse()) await end();
});

describe.each(modes)("the official client of three merged servers, version mode %j", (mode) => {
  let shared: Connected;
  const own: Connected[] = [];

  async function connect(options: ClientOptions): Promise<Connected> {
    const connected = await connectOfficial({ url: gateway.url }, mode, options);
    own.push(connected);
    return connected;
  }

  beforeAll(async () => {
    const capabilities = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };
    shared = await connect({ capabilities });
    return async () => {
      for (const { client } of own) await client.close();
    };
  });

  async function call(name: string, args: Record<string, unknown> = {}): Promise<CallToolResult> {
    return await shared.client.callTool({ name, arguments: args });
  }

  async function textOf(name: string, args?: Record<string, unknown>): Promise<unknown> {
    const { content } = await call(name, args);
    expect(content).toMatchObject([{ type: "text" }]);
    return (content[0] as { readonly text: string }).text;
  }

  it("finds one server with the features of all three", () => {
    const { client } = shared;
    expect(client.getProtocolEra()).toBe("modern");
    expect(client.getServerVersion()?.name).toBe("union");
    for (const part of ["Ask for anything.", "Ask the official way.", "Ask through the pipe."]) {
      expect(client.getInstructions()).toContain(part);
    }
    expect(client.getServerCapabilities()).toMatchObject({
      tools: { listChanged: true },
      resources: { subscribe: true },
      prompts: {},
      completions: {},
      logging: {},
    });
  });

  describe("tools", () => {
    it("have their server's name as a prefix only if their own name clashes", async () => {
      const names = (await shared.client.listTools()).tools.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      for (const upstream of upstreams) {
        for (const name of ["echo", "greet", "change"])
          expect(names).toContain(`${upstream}.${name}`);
      }
      for (const name of ["echo", "greet", "piped.pipe", "lutra.who"]) {
        expect(names).not.toContain(name);
      }
      for (const name of ["pipe", "who", "content"]) expect(names).toContain(name);
    });

    it("are listed in the same order on every connection", async () => {
      const lists = await Promise.all(
        [1, 2, 3].map(async () => {
          const { client } = await connect({});
          return (await client.listTools()).tools.map(({ name }) => name);
        }),
      );
      expect(lists[1]).toEqual(lists[0]);
      expect(lists[2]).toEqual(lists[0]);
    });

    it("are called on the server that lists them", async () => {
      expect(await textOf("piped.echo", { text: "hä 🦦" })).toBe("piped: hä 🦦");
      expect(await textOf("official.echo", { text: "hä 🦦" })).toBe("hä 🦦");
      expect(await textOf("lutra.echo", { text: "hä 🦦" })).toBe("hä 🦦");
      expect(await textOf("pipe")).toBe("piped");
      for (const upstream of ["lutra", "official"]) {
        expect((await call(`${upstream}.add`, { a: 1, b: 2 })).structuredContent).toEqual({
          sum: 3,
        });
        expect((await call(`${upstream}.fail`)).isError).toBe(true);
      }
      for (const name of ["echo", "nobody.echo", "piped.who", "lutra.pipe"]) {
        await expectError(call(name), -32602);
      }
    });

    it.each(["lutra.locate", "official.locate"])("get mirrored arguments: %s", async (name) => {
      await shared.client.listTools();
      for (const args of [
        { country: "AT", limit: 3 },
        { country: "Österreich 🇦🇹" },
        { country: "" },
      ]) {
        expect(JSON.parse((await textOf(name, args)) as string)).toEqual(args);
      }
    });

    it.each(["lutra.count", "official.count"])("report progress: %s", async (name) => {
      const seen: number[] = [];
      await shared.client.callTool(
        { name, arguments: { to: 3 } },
        { onprogress: ({ progress }) => seen.push(progress) },
      );
      expect(seen).toEqual([1, 2, 3]);
    });
  });

  describe("resources", () => {
    it("have distinct URIs, and keep a URI that is unique", async () => {
      const { resources } = await shared.client.listResources();
      const uris = resources.map(({ uri }) => uri);
      expect(new Set(uris).size).toBe(uris.length);
      expect(uris).toContain("pipe://only");
      expect(uris).toContain("memo://parts");
      expect(uris.filter((uri) => uri.endsWith("memo://readme"))).toHaveLength(3);
      expect(uris).not.toContain("memo://readme");
    });

    it("are read from the server that lists them, and have the requested URI", async () => {
      const { resources } = await shared.client.listResources();
      const texts: unknown[] = [];
      for (const { uri } of resources.filter(({ uri }) => uri.endsWith("memo://readme"))) {
        const { contents } = await shared.client.readResource({ uri });
        expect(contents).toMatchObject([{ uri }]);
        texts.push((contents[0] as { readonly text: string }).text);
      }
      expect(texts.sort()).toEqual(["Otters in pipes.", "Otters play.", "Otters play."]);
      const { contents } = await shared.client.readResource({ uri: "pipe://only" });
      expect(contents).toMatchObject([{ uri: "pipe://only", text: "Only here." }]);
    });

    it("that match a template are read from its server", async () => {
      const { resourceTemplates } = await shared.client.listResourceTemplates();
      const places = resourceTemplates
        .map(({ uriTemplate }) => uriTemplate)
        .filter((template) => template.endsWith("place://{country}/{name}"));
      expect(new Set(places).size).toBe(3);
      const texts: string[] = [];
      for (const template of places) {
        const uri = template.replace("{country}", "AT").replace("{name}", "Graz");
        const { contents } = await shared.client.readResource({ uri });
        expect(contents).toMatchObject([{ uri }]);
        texts.push((contents[0] as { readonly text: string }).text);
      }
      expect(texts.filter((text) => text.endsWith("piped"))).toHaveLength(1);
    });

    it("are refused with -32602 if they do not exist", async () => {
      await expectError(shared.client.readResource({ uri: "memo://nothing" }), -32602);
    });
  });

  describe("prompts and completion", () => {
    it("are those of their servers", async () => {
      const names = (await shared.client.listPrompts()).prompts.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      // The one of the official server is on a second page, whose cursor is an empty string.
      for (const name of [...upstreams.map((each) => `${each}.greet`), "third"]) {
        expect(names).toContain(name);
      }
      const textBy: { readonly [name: string]: string } = {
        "lutra.greet": "Greet Zoë in a stern way.",
        "official.greet": "Greet Zoë, stern.",
        "piped.greet": "Greet Zoë through the pipe.",
      };
      for (const [name, text] of Object.entries(textBy)) {
        const args = { name: "Zoë", ...(name !== "piped.greet" && { style: "stern" }) };
        const { messages } = await shared.client.getPrompt({ name, arguments: args });
        expect(messages).toMatchObject([{ content: { text } }]);
      }
    });

    it("complete arguments and variables", async () => {
      const { client } = shared;
      const prompt = async (name: string, argument: string, value: string) => {
        const ref = { type: "ref/prompt", name } as const;
        return (await client.complete({ ref, argument: { name: argument, value } })).completion
          .values;
      };
      expect(await prompt("lutra.greet", "style", "f")).toEqual(["formal", "friendly", "funny"]);
      expect(await prompt("official.greet", "style", "f")).toEqual(["formal", "friendly"]);
      expect(await prompt("piped.greet", "name", "")).toEqual(["Piper"]);
      const { resourceTemplates } = await client.listResourceTemplates();
      const values: (readonly string[])[] = [];
      for (const { uriTemplate } of resourceTemplates) {
        if (!uriTemplate.endsWith("place://{country}/{name}")) continue;
        const { completion } = await client.complete({
          ref: { type: "ref/resource", uri: uriTemplate },
          argument: { name: "name", value: "" },
          context: { arguments: { country: "DE" } },
        });
        values.push(completion.values);
      }
      expect(values).toContainEqual(["Aachen", "Köln"]);
      expect(values).toContainEqual(["Rohrbach", "Rohrdorf"]);
    });
  });

  describe("input required", () => {
    it("is sent by the server whose tool was called", async () => {
      const expected = ["Hello, Zoë", "Hello, Zoë", "piped greets Zoë"];
      for (const [index, upstream] of upstreams.entries()) {
        shared.answers.push({ action: "accept", content: { name: "Zoë" } });
        expect(await textOf(`${upstream}.greet`)).toBe(expected[index]);
      }
    });

    it("goes through several rounds", async () => {
      shared.answers.push(
        { action: "accept", content: { day: "2026-08-01" } },
        { action: "accept", content: { seats: 2 } },
      );
      expect(await textOf("official.book", { place: "Graz" })).toBe("Graz, 2026-08-01, 2");
      shared.answers.push(
        { action: "accept", content: { day: "2026-08-01" } },
        { action: "accept", content: { seats: 2 } },
        { action: "accept", content: { sure: true } },
      );
      expect(await textOf("lutra.book", { place: "Graz" })).toContain("Graz, 2026-08-01, 2");
    });

    it.each(["lutra.survey", "official.survey"])(
      "is answered for every kind of input request: %s",
      async (name) => {
        shared.answers.push({ action: "accept", content: { name: "Zoë" } });
        const answers = JSON.parse((await textOf(name)) as string);
        expect(answers.roots).toEqual([{ uri: "file:///home/zoe", name: "home" }]);
        expect(answers.haiku).toMatchObject({ content: { text: "old pond" } });
      },
    );

    it("is answered for prompts and resources", async () => {
      const { client } = shared;
      for (const upstream of ["lutra", "official"]) {
        shared.answers.push({ action: "accept", content: { topic: "otters" } });
        const { messages } = await client.getPrompt({ name: `${upstream}.interview` });
        expect(messages).toMatchObject([{ content: { text: "Ask about otters." } }]);
      }
      const { resources } = await client.listResources();
      const notes = resources.filter(({ uri }) => uri.endsWith("vault://note"));
      expect(notes).toHaveLength(2);
      for (const { uri } of notes) {
        shared.answers.push({ action: "accept", content: { code: "1234" } });
        const { contents } = await client.readResource({ uri });
        expect(contents).toMatchObject([{ uri, text: "opened with 1234" }]);
      }
    });

    it("has a state that is refused for a tool of another server", async () => {
      const begin = async (name: string) => {
        const args = { name, arguments: { place: "Graz" } };
        const inputResponses = { day: { action: "accept", content: { day: "2026-08-01" } } };
        const first = (await ask(gateway.url, "tools/call", args)).body.result;
        const requestState = first?.requestState;
        const state = requestState === undefined ? {} : { requestState };
        const second = { ...args, inputResponses, ...state };
        return (await ask(gateway.url, "tools/call", second)).body.result?.requestState;
      };
      const retry = (name: string, requestState: unknown) =>
        ask(gateway.url, "tools/call", {
          name,
          arguments: { place: "Graz" },
          inputResponses: { seats: { action: "accept", content: { seats: 2 } } },
          requestState,
        });
      const official = await begin("official.book");
      const lutra = await begin("lutra.book");
      expect(typeof official).toBe("string");
      expect(typeof lutra).toBe("string");
      expect((await retry("official.book", official)).body.result).toBeDefined();
      for (const [name, state] of [
        ["lutra.book", official],
        ["official.book", lutra],
        ["piped.greet", official],
        ["official.book", `${official}x`],
        ["official.book", "nonsense"],
      ]) {
        const { body } = await retry(name as string, state);
        expect([name, body.error?.code]).toEqual([name, -32602]);
      }
    });
  });

  describe("subscriptions", () => {
    it("report changes from each server", async () => {
      const { client } = await connect({});
      const subscription = await client.listen({ toolsListChanged: true });
      expect(subscription.honoredFilter).toEqual({ toolsListChanged: true });
      for (const upstream of upstreams) {
        const heard = new Promise<void>((resolve) => {
          client.setNotificationHandler("notifications/tools/list_changed", () => resolve());
        });
        const args = upstream === "lutra" ? { what: "tools" } : {};
        await client.callTool({ name: `${upstream}.change`, arguments: args });
        await heard;
      }
      await subscription.close();
      expect(await subscription.closed).toBe("local");
    });

    it("report updated resources under the URIs they named", async () => {
      const { client } = await connect({});
      const { resources } = await client.listResources();
      const uris = resources.map(({ uri }) => uri).filter((uri) => uri.endsWith("dice://fresh"));
      expect(uris).toHaveLength(2);
      const subscription = await client.listen({ resourceSubscriptions: uris });
      expect(subscription.honoredFilter.resourceSubscriptions?.toSorted()).toEqual(uris.toSorted());
      const heard = new Set<string>();
      for (const upstream of ["lutra", "official"]) {
        const updated = new Promise<string>((resolve) => {
          client.setNotificationHandler("notifications/resources/updated", ({ params }) => {
            if (!heard.has(params.uri)) resolve(params.uri);
          });
        });
        await client.callTool({
          name: `${upstream}.touch`,
          arguments: { uri: "dice://fresh" },
        });
        heard.add(await updated);
      }
      expect([...heard].sort()).toEqual(uris.toSorted());
      await subscription.close();
    });
  });
});
