/** The view library in Chromium, in a sandboxed frame with an opaque origin. */
import { gzipSync } from "node:zlib";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { hasChromium, launchChromium, needsChromium } from "../chromium.ts";
import { browserModule, openStage, pageWith, type Stage, viewScript } from "./stage.ts";

// Chromium shares the processors with other tests.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

it("the library has at most 6 kB, minified and gzipped", () => {
  expect(gzipSync(viewScript, { level: 9 }).length).toBeLessThanOrEqual(6000);
});

const limit = { timeout: 60_000 };

describe.skipIf(!hasChromium)(`a view in Chromium${needsChromium}`, () => {
  let browser: Browser;
  let stage: Stage;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());
  afterEach(() => stage?.close());

  const open = async (body: string, code: string, options: object = {}) => {
    stage = await openStage(browser, { html: pageWith(body, viewScript, code), ...options });
    await stage.waitFor("ui/notifications/initialized");
  };
  const log = `
    const say = (text) => { document.querySelector("#log").textContent += text; };
    const options = { name: "test", version: "1.0.0" };
  `;

  it("receives partial input, input and result", async () => {
    await open(
      `<p id="log"></p>`,
      `${log} lutraView.createView({
        ...options,
        onPartialInput: ({ q }) => say("partial " + q + "; "),
        onInput: ({ q }) => say("input " + q + "; "),
        onResult: ({ structuredContent }) => say("result " + structuredContent.n),
      });`,
    );
    const note = (name: string, params: object) =>
      stage.post({ method: `ui/notifications/${name}`, params });
    await note("tool-input-partial", { arguments: { q: "B" } });
    await note("tool-input", { arguments: { q: "Bern" } });
    await note("tool-result", { content: [], structuredContent: { n: 1 } });
    await stage.expectText("#log", "partial B; input Bern; result 1");
  });

  it("takes the theme, the variables and the fonts of the host, and their changes", async () => {
    const styles = {
      variables: { "--color-text-primary": "rgb(1, 2, 3)" },
      css: { fonts: "body { font-family: HostFont }" },
    };
    await open(
      `<p id="log" style="color: var(--color-text-primary, red)"></p>`,
      `${log} lutraView.createView(options);`,
      { initializeResult: { hostContext: { theme: "dark", styles } } },
    );
    const frame = stage.page.frameLocator("iframe");
    const styleOf = (selector: string, name: string) =>
      frame.locator(selector).evaluate((element, name) => {
        return getComputedStyle(element).getPropertyValue(name);
      }, name);
    await expect.poll(() => styleOf("#log", "color"), limit).toBe("rgb(1, 2, 3)");
    expect(await styleOf("html", "color-scheme")).toBe("dark");
    expect(await styleOf("body", "font-family")).toBe("HostFont");
    const method = "ui/notifications/host-context-changed";
    await stage.post({
      method,
      params: { theme: "light", styles: { variables: { "--color-text-primary": "rgb(4, 5, 6)" } } },
    });
    await expect.poll(() => styleOf("#log", "color"), limit).toBe("rgb(4, 5, 6)");
    expect(await frame.locator("html").getAttribute("data-theme")).toBe("light");
  });

  it("reports its size, and each change in either direction", async () => {
    const box = (height: number) => `<div id="log" style="height:${height}px"></div>`;
    await open(box(200), `document.body.style.margin = 0; ${log} lutraView.createView(options);`);
    const heights = async () => {
      const messages = await stage.sent();
      const sizes = messages.filter(({ method }) => method === "ui/notifications/size-changed");
      return sizes.map(({ params }) => params?.height);
    };
    await expect.poll(heights, limit).toEqual([200]);
    const resize = (height: number) =>
      stage.page
        .frameLocator("iframe")
        .locator("#log")
        .evaluate((element, height) => {
          element.style.height = `${height}px`;
        }, height);
    await resize(900);
    await expect.poll(heights, limit).toEqual([200, 900]);
    await resize(50);
    await expect.poll(heights, limit).toEqual([200, 900, 50]);
  });

  it("reports its size from a frame without a height", async () => {
    await open(`<div style="height:120px"></div>`, `${log} lutraView.createView(options);`, {
      style: "width:300px;height:0;border:0",
    });
    const { params } = await stage.waitFor("ui/notifications/size-changed");
    expect(params?.height).toBeGreaterThanOrEqual(120);
  });

  it("leaves out a dimension that the host has fixed", async () => {
    await open(`<p id="log">a</p>`, `${log} lutraView.createView(options);`, {
      initializeResult: { hostContext: { containerDimensions: { height: 300 } } },
    });
    const { params } = await stage.waitFor("ui/notifications/size-changed");
    expect(params).not.toHaveProperty("height");
  });

  it("calls a tool when the user clicks, and shows progress and result", async () => {
    await open(
      `<button>go</button><p id="log"></p>`,
      `${log} const view = lutraView.createView(options);
      document.querySelector("button").onclick = async () => {
        const onProgress = ({ message }) => say(message + "; ");
        const { content } = await view.callTool("count", { to: 3 }, { onProgress });
        say(content[0].text);
      };`,
    );
    await stage.page.frameLocator("iframe").locator("button").click();
    const { id, params = {} } = await stage.waitFor("tools/call");
    expect(params).toMatchObject({ name: "count", arguments: { to: 3 } });
    const { progressToken } = params._meta as { progressToken: number };
    await stage.post({
      method: "notifications/progress",
      params: { progressToken, progress: 1, message: "counting" },
    });
    await stage.post({ id, result: { content: [{ type: "text", text: "3" }] } });
    await stage.expectText("#log", "counting; 3");
  });

  it("ignores messages of other windows", async () => {
    await open(
      `<p id="log"></p>`,
      `${log} lutraView.createView({ ...options, onInput: () => say("forged") });
      const inner = document.createElement("iframe");
      inner.srcdoc = "<script>parent.postMessage({jsonrpc:'2.0',method:'ui/notifications/tool-input',params:{}},'*');parent.postMessage('done','*')</" + "script>";
      addEventListener("message", ({ data }) => data === "done" && say("done"));
      document.body.append(inner);`,
    );
    await stage.expectText("#log", "done");
  });

  it("answers teardown once the page has saved, and is silent afterwards", async () => {
    await open(
      `<p id="log"></p>`,
      `${log} lutraView.createView({ ...options, onTeardown: async (reason) => say(reason) });`,
    );
    await stage.post({ id: "t", method: "ui/resource-teardown", params: { reason: "closed" } });
    await expect
      .poll(async () => (await stage.sent()).find(({ id }) => id === "t"), limit)
      .toEqual({
        jsonrpc: "2.0",
        id: "t",
        result: {},
      });
    await stage.expectText("#log", "closed");
  });

  it("works in React: every component sees each state, also in strict mode", async () => {
    const html = pageWith(`<div id="root"></div>`, browserModule("fixtures/react-page.ts"));
    stage = await openStage(browser, { html });
    await stage.waitFor("ui/notifications/initialized");
    await stage.post({ method: "ui/notifications/tool-input", params: { arguments: { q: "x" } } });
    const result = { content: [], structuredContent: { n: 7 } };
    await stage.post({ method: "ui/notifications/tool-result", params: result });
    await stage.expectText("#root", "connected stage xconnected 7");
    const methods = (await stage.sent()).map(({ method }) => method);
    expect(methods.filter((method) => method === "ui/initialize")).toHaveLength(1);
  });
});
