/** The view library inside the official host library. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { hasChromium, launchChromium, needsChromium } from "../chromium.ts";
import { browserModule, openStage, pageWith, type Stage, viewScript } from "./stage.ts";

// Chromium shares the processors with other tests.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const code = `
  const say = (text) => { document.querySelector("#log").textContent += text + "\\n"; };
  window.view = lutraView.createView({
    name: "test",
    version: "1.0.0",
    displayModes: ["inline", "fullscreen"],
    tools: [{ name: "double", parse: ({ n }) => n, call: (n) => String(n * 2) }],
    onPartialInput: ({ q }) => say("partial " + q),
    onInput: ({ q }) => say("input " + q),
    onResult: ({ structuredContent }) => say("result " + structuredContent.n),
    onTeardown: () => say("teardown"),
  });
  (async () => {
    const view = window.view;
    await view.ready;
    say((await view.callTool("search", { q: 1 })).content[0].text);
    say((await view.readResource("x://1")).contents[0].text);
    await view.message("hello");
    await view.updateModelContext({ content: [{ type: "text", text: "zoom 3" }] });
    await view.openLink("https://example.com/");
    await view.openLink("javascript:alert(1)").catch(({ message }) => say(message));
    say(await view.requestDisplayMode("fullscreen"));
    view.log("info", "logged");
    say("end");
  })().catch((error) => say("failed: " + error.message));
`;

type Logged = readonly [name: string, params: unknown];
interface HostPage {
  readonly log: readonly Logged[];
  readonly bridge: {
    readonly callTool: (params: object) => Promise<unknown>;
    readonly listTools: (params: object) => Promise<{ readonly tools: readonly object[] }>;
    readonly teardownResource: (params: object) => Promise<unknown>;
  };
}

describe.skipIf(!hasChromium)(`in the official host${needsChromium}`, () => {
  let browser: Browser;
  let stage: Stage;
  const log = () => stage.page.evaluate(() => (globalThis as never as HostPage).log);
  beforeAll(async () => {
    browser = await launchChromium();
    stage = await openStage(browser, {
      html: pageWith(`<pre id="log"></pre>`, viewScript, code),
      hostScript: browserModule("fixtures/official-host.ts"),
    });
    const text = stage.page.frameLocator("iframe").locator("#log");
    await vi.waitUntil(async () => (await text.textContent())?.includes("end\n"), {
      timeout: 60_000,
    });
  });
  afterAll(async () => {
    await stage?.close();
    await browser?.close();
  });

  it("the view receives everything, and its requests are answered", async () => {
    const text = await stage.page.frameLocator("iframe").locator("#log").textContent();
    const lines = (text ?? "").trim().split("\n");
    expect(lines.filter((line) => /^(?:partial|input|result)/.test(line))).toEqual([
      "partial B",
      "input Bern",
      "result 1",
    ]);
    expect(lines).toEqual(
      expect.arrayContaining([
        'search {"q":1}',
        "read x://1",
        "The host refused ui/open-link",
        "fullscreen",
        "end",
      ]),
    );
  });

  it("the host receives valid messages", async () => {
    await expect
      .poll(async () => (await log()).map(([name]) => name), { timeout: 60_000 })
      .toContain("log");
    const entries = await log();
    const of = (name: string) => entries.filter(([logged]) => logged === name).map(([, it]) => it);
    expect(of("initialized")).toEqual([
      { availableDisplayModes: ["inline", "fullscreen"], tools: { listChanged: true } },
    ]);
    expect(of("message")).toMatchObject([
      { role: "user", content: [{ type: "text", text: "hello" }] },
    ]);
    expect(of("context")).toMatchObject([{ content: [{ type: "text", text: "zoom 3" }] }]);
    expect(of("open-link")).toMatchObject([
      { url: "https://example.com/" },
      { url: "javascript:alert(1)" },
    ]);
    expect(of("mode")).toEqual(["fullscreen"]);
    expect(of("log")).toMatchObject([{ level: "info", logger: "test", data: "logged" }]);
    expect(of("size").length).toBeGreaterThan(0);
  });

  it("the page has the theme of the host", async () => {
    const html = stage.page.frameLocator("iframe").locator("html");
    const style = await html.getAttribute("style");
    expect(style).toContain("--color-text-primary: rgb(7, 8, 9)");
    expect(await html.getAttribute("data-theme")).toBe("dark");
  });

  it("the host calls the tools of the page, and tears the view down", async () => {
    const result = await stage.page.evaluate(async () => {
      const { bridge } = globalThis as never as HostPage;
      const { tools } = await bridge.listTools({});
      const called = await bridge.callTool({ name: "double", arguments: { n: 4 } });
      return { tools, called, ended: await bridge.teardownResource({}) };
    });
    expect(result).toMatchObject({
      tools: [{ name: "double" }],
      called: { content: [{ text: "8" }] },
      ended: {},
    });
    await expect
      .poll(() => stage.page.frameLocator("iframe").locator("#log").textContent(), {
        timeout: 60_000,
      })
      .toMatch(/teardown\n$/);
  });
});
