/** `lutra inspect` and its Explore view, in Chromium. */
import { serveHttp } from "lutra/node";
import { describe, expect, it, onTestFinished } from "vitest";
import { compiled } from "../compiled.ts";
import { createShownServer } from "./fixtures/shown-server.ts";
import {
  hasChromium,
  inspect,
  needsChromium,
  openPage,
  seriousFindings,
  timeout,
} from "./in-browser.ts";

const module = compiled(new URL("fixtures/shown-server.ts", import.meta.url));

/** Serves the fixture over HTTP until the test ends. */
async function serve(): Promise<string> {
  const endpoint = await serveHttp(createShownServer(), { port: 0 });
  onTestFinished(() => endpoint.close());
  return endpoint.url;
}

const poll = { timeout };

describe.skipIf(!hasChromium)(`lutra inspect in a browser (${needsChromium})`, () => {
  it("opens by its link alone, and removes the token from the address", async () => {
    const { link } = await inspect(module);
    const { page } = await openPage(link);
    await page.getByRole("link", { name: /Find places/ }).waitFor();
    expect(page.url()).not.toContain("token");
    expect(await page.evaluate(() => document.cookie)).toBe("");

    const other = await openPage(link.replace(/#.*/, ""));
    await other.page.getByLabel("Link or token").fill("wrong");
    await other.page.getByRole("button", { name: "Open" }).click();
    await other.page.getByText("token: not the one of this process").waitFor();
    await other.page.getByLabel("Link or token").fill(link);
    await other.page.getByRole("button", { name: "Open" }).click();
    await other.page.getByRole("link", { name: /Find places/ }).waitFor();
  });

  it("calls a tool by its form, and shows its result as a table", async () => {
    const { link } = await inspect(module);
    const { page } = await openPage(link);
    await page.getByRole("link", { name: /Find places/ }).click();
    await page.getByLabel("query").fill("Li");
    await page.getByLabel("kind").selectOption("city");
    await page.getByRole("button", { name: "Add near" }).click();
    await page.getByLabel("lat").fill("38.7");
    await page.getByLabel("lng").fill("-9.1");
    await page.getByRole("button", { name: "Add labels" }).click();
    await page.getByRole("textbox", { name: "1" }).fill("sea");
    await page.getByRole("button", { name: "Call", exact: true }).click();
    const run = page.getByRole("region", { name: "Call of places" });
    await expect
      .poll(() => run.locator("tbody td").allTextContents(), poll)
      .toEqual(["Lisbon", "545000", "Lagos", "31000"]);
    const given = {
      query: "Li",
      limit: 2,
      kind: "city",
      near: { lat: 38.7, lng: -9.1 },
      labels: ["sea"],
    };
    expect(await run.locator(".string").textContent()).toBe(`"${JSON.stringify(given)}"`);
  });

  it("sends what is edited as JSON, and shows the answer of the server to it", async () => {
    const { link } = await inspect(module);
    const { page, go } = await openPage(link);
    await go("#/explore/tools/places");
    await page.getByRole("button", { name: "Edit as JSON" }).click();
    await page.getByLabel("Arguments as JSON").fill('{"query":7}');
    await page.getByRole("button", { name: "Call", exact: true }).click();
    await page.getByText("tool error").waitFor();
    const result = page.getByRole("region", { name: "Call of places" });
    await expect.poll(() => result.textContent(), poll).toContain("expected string");
  });

  it("offers the variants of a value, null, and a search by keys", async () => {
    const { link } = await inspect(module);
    const { page } = await openPage(link);
    await page.getByRole("link", { name: /Find places/ }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("pay");
    await page.keyboard.press("Enter");
    await page.getByLabel("Kind of by").selectOption("card");
    await page.getByLabel("number").fill("12");
    await page.getByLabel("Kind of by").selectOption("bill");
    await page.getByRole("button", { name: "Set tip to null" }).click();
    await page.getByRole("button", { name: "Call", exact: true }).click();
    const run = page.getByRole("region", { name: "Call of pay" });
    await run.getByText("done", { exact: true }).waitFor();
    const keys = run.locator(".json .leaf");
    expect(await keys.allTextContents()).toEqual(['type: "bill"', "days: 30", "tip: null"]);
    expect(await seriousFindings(page)).toEqual([]);
  });

  it("shows the beginning of a long text, and the rest on request", async () => {
    const { link } = await inspect(module);
    const { page, call } = await openPage(link);
    await call("novel");
    const text = page.locator(".run pre.plain");
    await text.waitFor();
    const length = async () => (await text.textContent())?.length;
    expect(await length()).toBe(100_000);
    await page.getByRole("button", { name: "Show all 200,000 characters" }).click();
    await expect.poll(length, poll).toBe(200_000);
  });

  it("shows the messages over HTTP with masked secrets, and code for the call", async () => {
    const { link } = await inspect(await serve(), "-H", "Authorization: Bearer top-secret");
    const { page, call } = await openPage(link);
    await call("fail");
    await page.getByRole("tab", { name: /Messages/ }).click();
    const messages = page.locator(".messages > li");
    await messages.first().locator("summary").first().click();
    const text = await messages.first().textContent();
    expect(text).toContain("mcp-method: tools/call");
    expect(text).toContain("authorization: Bearer ••••••");
    await expect.poll(() => messages.last().textContent(), poll).toContain("200");
    await page.getByRole("tab", { name: "Code" }).click();
    const code = await page.getByRole("tabpanel").textContent();
    expect(code).toContain('client.callTool("fail", {})');
    expect(code).toContain("Bearer $AUTHORIZATION");
    expect(await page.content()).not.toContain("top-secret");
  });

  it("renders Markdown without its HTML, its scripts and its images", async () => {
    const { link } = await inspect(module);
    const { page, call } = await openPage(link);
    await call("markdown");
    const text = page.locator(".run .markdown");
    await text.locator("table").waitFor();
    expect(await text.locator("strong").textContent()).toBe("bold");
    expect(await text.locator("img, script").count()).toBe(0);
    const links = await text
      .locator("a")
      .evaluateAll((all) => all.map((each) => each.getAttribute("href")));
    expect(links).toEqual(["https://example.com/b.png", "https://example.com/"]);
    expect(await page.title()).toContain("Lutra");
  });

  it("shows images, audio, and links to resources that can be read", async () => {
    const { link } = await inspect(module);
    const { page, call } = await openPage(link);
    await call("media");
    const width = () =>
      page.locator("img.picture").evaluate((image) => (image as HTMLImageElement).naturalWidth);
    await expect.poll(width, poll).toBe(1);
    await page.locator("audio").waitFor();
    await page.getByRole("link", { name: "The note" }).click();
    await page.getByRole("button", { name: "Read", exact: true }).click();
    await page.getByText("A note", { exact: true }).waitFor();
  });

  it("asks a question in place, and repeats it until the answer fits", async () => {
    const { link } = await inspect(module);
    const { page, call } = await openPage(link);
    await call("ask");
    const question = page.getByRole("region", { name: "Question of the server" });
    await question.getByText("How many guests are there?").waitFor();
    await question.getByLabel("Guests").fill("0");
    await question.getByRole("button", { name: "Send" }).click();
    await expect.poll(() => question.getByRole("alert").textContent(), poll).toContain("guests");
    await question.getByLabel("Guests").fill("4");
    await question.getByLabel("When").selectOption("evening");
    await question.getByRole("button", { name: "Send" }).click();
    await expect
      .poll(() => page.locator(".run .json").textContent(), poll)
      .toMatch(/accept.*guests: 4.*evening/);
    expect(await question.count()).toBe(0);
  });

  it("shows the whole address before it opens it, and declines", async () => {
    const { link } = await inspect(module);
    const { page, call } = await openPage(link);
    await call("visit");
    const question = page.getByRole("region", { name: "Question of the server" });
    await question.getByText("https://example.com/sign-in?state=1").waitFor();
    await question.getByRole("button", { name: "Decline" }).click();
    await page.getByText("the answer was decline").waitFor();
    expect(await question.count()).toBe(0);
  });

  it("shows progress as a bar, and cancels the call", async () => {
    const { link } = await inspect(module);
    const { page, call } = await openPage(link);
    await call("wait");
    const bar = page.getByRole("progressbar");
    await page.getByText("1 of 4 packing").waitFor();
    expect(await bar.evaluate((element) => (element as HTMLProgressElement).position)).toBe(0.25);
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.locator(".run .badge", { hasText: "cancelled" }).waitFor();
  });

  it("follows a task, answers its question, and cancels another", async () => {
    const { link } = await inspect(module);
    const { page, call, go } = await openPage(link);
    await call("job");
    await page.getByText("Shall the job go on?").waitFor();
    await page.getByText("task: input_required").waitFor();
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("the answer was accept").waitFor();
    expect(await page.getByRole("region", { name: "Question of the server" }).count()).toBe(0);
    await page.getByText("task: completed").waitFor();

    await page.getByRole("button", { name: "Call", exact: true }).click();
    await page.getByText("Shall the job go on?").waitFor();
    const id = await page.locator(".badge", { hasText: "task:" }).getAttribute("title");
    await page.getByRole("button", { name: "Cancel task" }).click();
    await page.getByText("task: cancelled").waitFor();

    await go("#/explore/history");
    await page.getByLabel("Follow a task").fill(String(id));
    await page.getByRole("button", { name: "Follow", exact: true }).click();
    await page.getByRole("heading", { name: String(id) }).waitFor();
    await page.locator(".run .badge", { hasText: "cancelled" }).first().waitFor();
  });

  it("suggests values of arguments, which the keyboard chooses", async () => {
    const { link } = await inspect(module);
    const { page, go } = await openPage(link);
    await go("#/explore/prompts/plan");
    await page.getByRole("combobox", { name: "city" }).focus();
    await page.getByRole("option", { name: "Lisbon" }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    expect(await page.getByRole("combobox", { name: "city" }).inputValue()).toBe("Lisbon");
    await page.keyboard.press("Enter");
    await page.getByText("Plan a trip to Lisbon").waitFor();

    await go(`#/explore/templates/${encodeURIComponent("city://{country}/{name}")}`);
    await page.getByRole("combobox", { name: "country" }).fill("pt");
    await page.getByRole("combobox", { name: "name" }).fill("La");
    await page.getByRole("option", { name: "Lagos" }).click();
    await page.getByText("city://pt/Lagos").waitFor();
    await page.getByRole("button", { name: "Read", exact: true }).click();
    await page.getByText("Lagos in pt").waitFor();
  });

  it("counts the announced changes of a resource that is followed", async () => {
    const { link } = await inspect(await serve());
    const { page, call, go } = await openPage(link);
    await go("#/explore/resources/shown%3A%2F%2Fnote");
    await page.getByRole("button", { name: "Follow changes" }).click();
    await page.getByRole("button", { name: "Following changes" }).waitFor();
    await expect
      .poll(
        async () => {
          await call("change");
          await go("#/explore/server");
          return page.getByText("notifications/resources/updated").count();
        },
        { ...poll, interval: 500 },
      )
      .toBeGreaterThan(0);
  });

  it("speaks an earlier revision, and answers its questions", async () => {
    const { link } = await inspect(await serve());
    const { page, call, go } = await openPage(link);
    await go("#/explore/server");
    await page.getByText("This connection is modern").waitFor();
    await page.getByLabel("Protocol revision").selectOption("2025-06-18");
    await page.getByText("This connection is legacy").waitFor();
    await call("ask");
    const question = page.getByRole("region", { name: "Question of the server" });
    await question.getByLabel("Guests").fill("2");
    await question.getByRole("button", { name: "Send" }).click();
    await expect.poll(() => page.locator(".run .json").textContent(), poll).toContain("guests: 2");
    await page.getByRole("tab", { name: /Messages/ }).click();
    await expect
      .poll(() => page.locator(".messages").textContent(), poll)
      .toContain("elicitation/create");
  });

  it("searches the history, opens a call by its address, and runs it again", async () => {
    const { link } = await inspect(module);
    const { page, call, go } = await openPage(link);
    await call("fail");
    await page.getByText("There is no such place.").waitFor();
    await call("media");
    await page.locator("audio").waitFor();
    await go("#/explore/history");
    await page.getByLabel("Search calls").fill("fail");
    await expect.poll(() => page.locator(".call-row").count(), poll).toBe(1);
    await page.locator(".call-row").click();
    await page.reload();
    await page.getByText("There is no such place.").waitFor();
    await page.getByRole("button", { name: "Run again" }).click();
    await page.waitForURL(/history\/3$/);
    await page.getByText("There is no such place.").waitFor();
  });

  it("shows a program over stdio, and ends it with Ctrl-C", async () => {
    const lutra = await inspect("--", process.execPath, "stdio-program.mjs");
    const { page, call } = await openPage(lutra.link);
    await page.getByText("fixture: started").waitFor();
    await call("pid");
    const text = page.locator(".run pre.plain");
    await expect.poll(() => text.textContent(), poll).toMatch(/^\d+$/);
    const pid = Number(await text.textContent());
    lutra.child.kill("SIGINT");
    expect(await lutra.exited).toBe(0);
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
    await page.getByText("console stopped").waitFor();
  });

  it("says why a server can't be reached", async () => {
    const { link } = await inspect("http://127.0.0.1:9/mcp");
    const { page } = await openPage(link);
    await page.getByText("not reachable").waitFor();
    await expect
      .poll(() => page.getByRole("alert").first().textContent(), poll)
      .toContain("127.0.0.1:9");
  });
});
