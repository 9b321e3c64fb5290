/** The map of the atlas in Chromium, with the real server behind a small host. */
import { createClient } from "lutra/client";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import atlas from "../../../examples/atlas/server.ts";
import { hasChromium, launchChromium, needsChromium } from "../chromium.ts";
import { openStage, type Stage } from "./stage.ts";

// Chromium shares the processors with other tests.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const client = createClient(atlas, {
  onElicit: () => ({ action: "accept", content: { units: "km" } }),
});

/** Answers the requests of the page as a host does. */
const serve = async (method: string, params: { name: string; arguments?: object }) => {
  if (method !== "tools/call") return {};
  return await client.callTool(params.name as never, params.arguments as never);
};

const stops = [
  ["Lyon", "FR"],
  ["Geneva", "CH"],
  ["Zürich", "CH"],
  ["Innsbruck", "AT"],
] as const;

async function createTrip(): Promise<string> {
  const { structuredContent } = await client.callTool("create_trip", { name: "Across the Alps" });
  const trip_id = structuredContent?.trip_id ?? "";
  for (const [query, country] of stops) {
    const found = await client.callTool("search", { query, country, limit: 1 });
    const place = found.structuredContent?.places[0]?.id ?? "";
    await client.callTool("add_to_trip", { trip_id, place });
  }
  return trip_id;
}

const limit = { timeout: 60_000 };

it("a client that shows no apps gets the map as text", async () => {
  const { content } = await client.callTool("show_map", { trip_id: await createTrip() });
  expect(content).toMatchObject([
    { text: expect.stringMatching(/^Across the Alps \(\d+ km\):\n1\. Lyon/) },
  ]);
});

it("the page is one document that loads nothing", async () => {
  const { tools } = await client.listTools();
  expect(tools.find(({ name }) => name === "map_area")?._meta).toEqual({
    ui: { visibility: ["app"] },
  });
  const { contents } = await client.readResource("ui://show_map");
  const { text } = contents[0] as { text: string };
  expect(text).toMatch(/^<!doctype html>/);
  expect(text).not.toMatch(/(?:src|href)="(?!data:|#)/);
});

describe.skipIf(!hasChromium)(`the map${needsChromium}`, () => {
  let browser: Browser;
  let stage: Stage;
  let html: string;
  beforeAll(async () => {
    browser = await launchChromium();
    const { contents } = await client.readResource("ui://show_map");
    html = (contents[0] as { text: string }).text;
  });
  afterAll(() => browser?.close());
  afterEach(() => stage?.close());

  const open = async (args: object, options: object = {}) => {
    stage = await openStage(browser, {
      html,
      serve,
      style: "width:100%;height:520px;border:0",
      ...options,
    });
    await stage.waitFor("ui/notifications/initialized");
    await stage.post({ method: "ui/notifications/tool-input", params: { arguments: args } });
    const result = await client.callTool("show_map", args as never);
    await stage.post({ method: "ui/notifications/tool-result", params: result });
    return stage.page.frameLocator("iframe");
  };

  it("shows the stops of a trip in their order, with the route", async () => {
    const frame = await open({ trip_id: await createTrip() });
    await expect
      .poll(() => frame.locator("#list .name").allTextContents(), limit)
      .toEqual(["Lyon", "Geneva", "Zürich", "Innsbruck"]);
    expect(await frame.locator("#markers .marker").count()).toBe(4);
    expect(await frame.locator("#route .leg").getAttribute("d")).toMatch(/^M[\d.\- L]+$/);
    await expect.poll(() => frame.locator("#dots path").count(), limit).toBe(4);
  });

  it("the keyboard reaches the stops, and tells the model the place that the user has chosen", async () => {
    const frame = await open({ trip_id: await createTrip() });
    const second = frame.locator("#list button").nth(1);
    await expect.poll(() => second.count(), limit).toBe(1);
    await second.focus();
    await stage.page.keyboard.press("Enter");
    await expect.poll(() => frame.locator("#detail h2").textContent(), limit).toBe("Geneva");
    const { params } = await stage.waitFor("ui/update-model-context");
    expect(JSON.stringify(params)).toContain("The user has chosen Geneva");
    const marker = frame.locator("#markers .marker").nth(2);
    await marker.focus();
    await stage.page.keyboard.press("Enter");
    await expect.poll(() => frame.locator("#detail h2").textContent(), limit).toBe("Zürich");
  });

  it("the arrow keys move the map", async () => {
    const frame = await open({ query: "Bern" });
    const dots = frame.locator("#dots");
    await expect.poll(() => dots.locator("path").count(), limit).toBe(4);
    const before = await dots.getAttribute("transform");
    await frame.locator("#map").focus();
    await stage.page.keyboard.press("ArrowLeft");
    await expect.poll(() => dots.getAttribute("transform"), limit).not.toBe(before);
  });

  it("a place that the user finds becomes a stop", async () => {
    const frame = await open({ trip_id: await createTrip() });
    await expect.poll(() => frame.locator("#list .name").count(), limit).toBe(4);
    await frame.locator("#query").fill("Salzburg");
    await stage.page.keyboard.press("Enter");
    const found = frame.locator("#list button", { hasText: "Salzburg, AT" }).first();
    await expect.poll(() => found.count(), limit).toBe(1);
    await found.click();
    await frame.locator("#detail .main").click();
    await expect
      .poll(() => frame.locator("#list .name").allTextContents(), limit)
      .toEqual(["Lyon", "Geneva", "Zürich", "Innsbruck", "Salzburg"]);
  });

  it("what the user looks up is first in the list, until the search is empty", async () => {
    const frame = await open({ query: "Lisbon" });
    const first = frame.locator("#list button").first();
    await expect.poll(() => first.textContent(), limit).toContain("Lisbon");
    await first.click();
    await expect.poll(() => frame.locator("#detail h2").textContent(), limit).toBe("Lisbon");
    await frame.locator("#query").fill("Porto");
    await stage.page.keyboard.press("Enter");
    await expect.poll(() => first.textContent(), limit).toContain("Porto");
    expect(await frame.locator("#detail").isVisible()).toBe(false);
    expect(await frame.locator("#status").textContent()).toBe("Found for Porto: 8");
    await frame.locator("#query").fill("");
    await expect.poll(() => first.textContent(), limit).toContain("Lisbon");
  });

  it("the route is measured by the tool that may become a task", async () => {
    const frame = await open({ trip_id: await createTrip() });
    await frame.locator("#actions .main").click();
    await expect
      .poll(() => frame.locator("#status").textContent(), limit)
      .toMatch(/^The route is [\d,.]+ km long\.$/);
    expect(await frame.locator("#list .leg").nth(1).textContent()).toMatch(/^[\d,.]+ km$/);
  });

  it("a failed call is explained to the user", async () => {
    const frame = await open({ places: ["nowhere"] });
    await expect
      .poll(() => frame.locator("#status").textContent(), limit)
      .toBe("There is no place nowhere. Ids come from search and nearby.");
    expect(await frame.locator("#summary").textContent()).toBe("");
  });

  it.each([
    ["a desktop", 1000, 700, "light"],
    ["a desktop in the dark", 1000, 700, "dark"],
    ["a phone", 390, 844, "light"],
  ] as const)("fits %s", async (_what, width, height, theme) => {
    const frame = await open(
      { trip_id: await createTrip() },
      {
        viewport: { width, height },
        style: `width:100%;height:${width < 640 ? height : 520}px;border:0`,
        initializeResult: {
          hostContext: { theme, availableDisplayModes: ["inline", "fullscreen"] },
        },
      },
    );
    await expect.poll(() => frame.locator("#list .name").count(), limit).toBe(4);
    const overflow = await frame
      .locator("html")
      .evaluate((root) => root.scrollWidth - root.clientWidth);
    expect(overflow).toBe(0);
    const folder = process.env.LUTRA_TEST_SCREENSHOTS;
    if (folder === undefined) return;
    await frame.locator('#map[aria-busy="false"]').waitFor(limit);
    await stage.page.screenshot({ path: `${folder}/map-${width}-${theme}.png`, fullPage: true });
  });
});
