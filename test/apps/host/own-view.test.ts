/** Our view in our host, with a server that declares the app: every part is Lutra's. */
import { app, apps, appTool } from "lutra/apps";
import { createServer, defineResource } from "lutra/server";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { hasChromium, needsChromium } from "../chromium.ts";
import { pageWith, viewScript } from "../view/stage.ts";
import { type HostPage, type Stage, startStage } from "./stage.ts";

/** Adds a line for each event, and sends one request of each kind on a click. */
const code = `
  const say = (...words) => {
    const line = document.createElement("li");
    line.textContent = words.map((word) => JSON.stringify(word)).join(" ");
    document.querySelector("ol").append(line);
  };
  const view = lutraView.createView({
    name: "own-view",
    version: "1.0.0",
    displayModes: ["inline", "fullscreen"],
    tools: [{ name: "double", parse: ({ n }) => n, call: (n) => String(n * 2) }],
    onInput: ({ place }) => say("input", place),
    onResult: ({ structuredContent }) => say("result", structuredContent.visits),
    onCancelled: (reason) => say("cancelled", reason),
  });
  view.ready.then(() => say("theme", document.documentElement.dataset.theme));
  document.querySelector("button").onclick = async () => {
    const { structuredContent } = await view.callTool("visit", { place: "Oslo" }, {
      onProgress: ({ progress }) => say("progress", progress),
    });
    say("visited", structuredContent.visits);
    say("read", (await view.readResource("note://one")).contents[0].text);
    await view.callTool("secret", {}).catch(({ message }) => say("refused", message));
    await view.message("hello");
    await view.updateModelContext({ content: [{ type: "text", text: "Oslo" }] });
    await view.openLink("https://example.com/").catch(({ message }) => say("link", message));
    say("mode", await view.requestDisplayMode("fullscreen"));
    say("end");
  };
`;

const place = z.object({ place: z.string() });
const visits = z.object({ visits: z.number() });

function createOwnServer() {
  const show = app({
    tool: {
      name: "show",
      inputSchema: place,
      outputSchema: visits,
      call: () => ({ visits: 7 }),
    },
    fallback: (result) => `${result.visits} visits`,
    resource: {
      html: pageWith("<ol></ol><button>go</button>", viewScript, code),
    },
  });
  const visit = appTool({
    tool: {
      name: "visit",
      inputSchema: place,
      outputSchema: visits,
      call: async (_args, context) => {
        await context.progress({ progress: 1, total: 1 });
        return { visits: 8 };
      },
    },
    fallback: (result) => `${result.visits} visits`,
    visibility: ["app"],
  });
  const secret = appTool({
    tool: { name: "secret", call: () => "for the model" },
    visibility: ["model"],
  });
  const note = defineResource({ uri: "note://one", name: "note", read: () => "one note" });
  return createServer({
    name: "own",
    version: "1.0.0",
    tools: [show.tool, visit, secret],
    resources: [show.resource, note],
    extensions: [apps()],
  });
}

describe.skipIf(!hasChromium)(`our view in our host${needsChromium}`, () => {
  let stage: Stage;
  let opened: HostPage;
  beforeAll(async () => {
    stage = await startStage({ own: createOwnServer() });
  }, 180_000);
  afterAll(() => stage.end());
  beforeEach(async () => {
    opened = await stage.openPage();
  });
  afterEach(() => opened.page.context().close());

  const lines = () => opened.view.locator("li").allTextContents();
  const open = () =>
    opened.run((host, opening) => host.open(opening), {
      server: "own",
      tool: "show",
      arguments: { place: "Bern" },
      context: { theme: "dark" as const },
    });

  it("shows the call, and has each of its requests answered", async () => {
    await open();
    await expect.poll(lines, { timeout: 30_000 }).toContain('"result" 7');
    expect(await lines()).toEqual(expect.arrayContaining(['"input" "Bern"', '"theme" "dark"']));
    await opened.view.getByRole("button", { name: "go" }).click();
    await expect.poll(lines, { timeout: 30_000 }).toContain('"end"');
    expect((await lines()).slice(-7)).toEqual([
      '"progress" 1',
      '"visited" 8',
      '"read" "one note"',
      expect.stringContaining("Tool secret: expected one that apps may call"),
      expect.stringContaining("openLink: the host did not allow it"),
      '"mode" "fullscreen"',
      '"end"',
    ]);
    const ofKind = (kind: string) => opened.run((host, name) => host.ofKind(name), kind);
    expect(await ofKind("message")).toEqual([[{ type: "text", text: "hello" }]]);
    expect(await ofKind("context")).toEqual([{ content: [{ type: "text", text: "Oslo" }] }]);
    const refused = await opened.run((host) => host.refusals(), undefined);
    expect(refused).toHaveLength(2);
  });

  it("offers its tools to the host, follows its theme, and ends in order", async () => {
    await open();
    await expect.poll(lines, { timeout: 30_000 }).toContain('"result" 7');
    const { tools, doubled } = await opened.run(async ({ element }) => {
      const { bridge } = element;
      bridge?.setContext({ theme: "light" });
      return {
        tools: (await bridge?.listViewTools())?.map(({ name }) => name),
        doubled: (await bridge?.callViewTool("double", { n: 4 }))?.content,
      };
    }, undefined);
    expect(tools).toEqual(["double"]);
    expect(doubled).toEqual([{ type: "text", text: "8" }]);
    await expect
      .poll(() => opened.view.locator("html").getAttribute("data-theme"), { timeout: 30_000 })
      .toBe("light");
    const methods = await opened.run(async ({ element, records }) => {
      await element.close("done");
      return records.map(({ from, method }) => `${from} ${method ?? "response"}`);
    }, undefined);
    const others = methods.filter((method) => method !== "view ui/notifications/size-changed");
    expect(others.slice(-2)).toEqual(["host ui/resource-teardown", "view response"]);
  });
});
