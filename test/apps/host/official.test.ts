/** The official `App` class inside of our host, in Chromium. */
import { createServer, defineTool } from "lutra/server";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { hasChromium, needsChromium } from "../chromium.ts";
import { createOfficialServer } from "./official-server.ts";
import { type HostPage, type Stage, startStage } from "./stage.ts";

const other = createServer({
  name: "other",
  version: "1.0.0",
  tools: [
    defineTool({
      name: "other_server",
      _meta: { ui: { visibility: ["app"] } },
      call: () => "of another server",
    }),
  ],
});

describe.skipIf(!hasChromium)(
  `the official App in our host${needsChromium}`,
  { timeout: 120_000 },
  () => {
    let stage: Stage;
    let opened: HostPage;

    beforeAll(async () => {
      stage = await startStage({ official: await createOfficialServer(), other });
    }, 120_000);
    afterAll(() => stage.end());
    beforeEach(async () => {
      opened = await stage.openPage();
    });
    afterEach(() => opened.page.context().close());

    const open = (tool: string, options: object = {}) =>
      opened.run((host, opening) => host.open(opening), { server: "official", tool, ...options });

    /** The lines of the view that start with a word. */
    const lines = (word: string) => opened.view.locator("li", { hasText: new RegExp(`^${word} `) });

    const expectShown = async (word: string, text: string) =>
      expect(await lines(word).first().textContent({ timeout: 30_000 })).toContain(text);

    const click = (name: string) =>
      opened.view.getByRole("button", { name, exact: true }).click({ timeout: 30_000 });

    it("receives the arguments before the result", async () => {
      await open("show", { arguments: { place: "Oslo" } });
      await expectShown("result", '{"place":"Oslo","visits":7}');
      const all = await opened.view.locator("li").allTextContents();
      const words = all.map((line) => line.split(" ")[0]);
      expect(words.filter((word) => word === "input" || word === "result")).toEqual([
        "input",
        "result",
      ]);
    });

    it("connects to the host and learns of its surroundings", async () => {
      await open("show", { arguments: { place: "Oslo" }, context: { theme: "dark" } });
      await expectShown("connected", '"host":"lutra-host","theme":"dark","tool":"show"');
      await expectShown("connected", '"serverResources","serverTools"');
    });

    it("receives only responses before it has initialized", async () => {
      await open("show", { arguments: { place: "Oslo" } });
      await expectShown("result", "Oslo");
      const methods = await opened.run(
        (host) => host.records.map(({ from, method }) => `${from} ${method}`),
        undefined,
      );
      const initialized = methods.indexOf("view ui/notifications/initialized");
      expect(initialized).toBeGreaterThan(0);
      const before = methods.slice(0, initialized).filter((entry) => entry.startsWith("host"));
      expect(before).toEqual(["host undefined"]);
    });

    it("receives the result of a call that failed", async () => {
      await open("fails");
      await expectShown("result", "the place is closed");
    });

    it("is told that there will be no result", async () => {
      await open("refuses");
      await expectShown("cancelled", "not today");
    });

    it("passes progress under the token that the view chose", async () => {
      await open("show", { arguments: { place: "Oslo" } });
      await click("progress");
      await expectShown("progress", "counted");
      expect(await lines("progressed").allTextContents()).toEqual([
        "progressed [1,3]",
        "progressed [2,3]",
        "progressed [3,3]",
      ]);
    });

    it("opens a link that is on the list or that the user confirms", async () => {
      await open("show", {
        arguments: { place: "Oslo" },
        allowedLinks: ["https://*.com", "https://example.com"],
      });
      await click("link");
      await expectShown("link", "{}");
      const ofKind = (kind: string) => opened.run((host, name) => host.ofKind(name), kind);
      expect(await ofKind("link")).toEqual(["https://example.com/page"]);
      expect(await ofKind("confirm")).toEqual([]);
    });

    it("passes messages, model context and log messages to the host", async () => {
      await open("show", { arguments: { place: "Oslo" } });
      for (const name of ["message", "update", "log"]) await click(name);
      for (const name of ["message", "update", "log"]) await expectShown(name, "");
      const ofKind = (kind: string) => opened.run((host, name) => host.ofKind(name), kind);
      expect(await ofKind("message")).toEqual([[{ type: "text", text: "hi" }]]);
      expect(await ofKind("context")).toEqual([{ structuredContent: { zoom: 3 } }]);
      await expect
        .poll(() => ofKind("log"), { timeout: 15_000 })
        .toEqual([{ level: "info", data: "written" }]);
    });

    it("changes to a display mode that both sides support, and back", async () => {
      await open("show", { arguments: { place: "Oslo" } });
      const element = opened.page.locator("mcp-app");
      await click("pip");
      await expectShown("pip", '{"mode":"inline"}');
      await click("mode");
      await expectShown("mode", '{"mode":"fullscreen"}');
      expect(await element.boundingBox()).toEqual({ x: 0, y: 0, width: 800, height: 600 });
      await opened.page.getByRole("button", { name: "Close" }).click();
      await expect.poll(() => element.getAttribute("display-mode")).toBe("inline");
    });

    it("has the height that it reports, up to the maximum of the host", async () => {
      await open("show", { arguments: { place: "Oslo" }, maxHeight: 60 });
      const frame = opened.page.locator("mcp-app iframe");
      await expect
        .poll(async () => (await frame.boundingBox())?.height, { timeout: 15_000 })
        .toBe(60);
    });

    it("offers tools that the host can call", async () => {
      await open("show", { arguments: { place: "Oslo" } });
      const tools = await opened.run(
        async ({ element }) => (await element.bridge?.listViewTools())?.map(({ name }) => name),
        undefined,
      );
      expect(tools).toEqual(["paint"]);
      const result = await opened.run(
        ({ element }) => element.bridge?.callViewTool("paint"),
        undefined,
      );
      expect(result?.content).toEqual([{ type: "text", text: "painted" }]);
    });

    it("has its requests answered by the host and by its server", async () => {
      await open("show", { arguments: { place: "Oslo" } });
      for (const [name, line] of [
        ["call", '"structuredContent":{"sum":5}'],
        ["ask", '"text":"answered yes"'],
        ["task", '"text":"worked as a task"'],
        ["read", '"text":"one note"'],
        ["model", "Tool model_only: expected one that apps may call"],
        ["other", "Unknown tool: other_server"],
        ["link", "openLink: the host did not allow it"],
      ] as const) {
        await click(name);
        await expectShown(name, line);
      }
    });

    it("is asked to end before it is removed", async () => {
      await open("show", { arguments: { place: "Oslo" } });
      const methods = await opened.run(async (host) => {
        await host.element.close("done");
        return host.records.map(({ from, method, message }) =>
          from === "view" && method === undefined ? JSON.stringify(message) : method,
        );
      }, undefined);
      // A view reports its size at any time.
      const others = methods.filter((method) => method !== "ui/notifications/size-changed");
      expect(others.at(-2)).toBe("ui/resource-teardown");
      expect(others.at(-1)).toMatch(/"result":\{\}/);
      expect(await opened.page.locator("mcp-app iframe").count()).toBe(0);
      expect(await opened.page.getByText("Text for hosts without apps").isVisible()).toBe(true);
    });
  },
);
