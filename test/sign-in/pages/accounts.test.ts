/** The account of a user, connected at the pages of a gateway with a real browser. */
import { browserSignIn, oauth } from "lutra/auth/client";
import { type Client, createClient } from "lutra/client";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { hasChromium, needsChromium } from "../../apps/chromium.ts";
import { type Setting, startGatewaySetting } from "../gateway-setting.ts";
import { signInAs } from "../scripted-user.ts";
import { agree, openTab, signIn, startWindows, type Windows } from "./browser-user.ts";

const cookieName = "__Host-lutra-sign-in";

describe.skipIf(!hasChromium)(`an account of a user, in Chromium${needsChromium}`, () => {
  let windows: Windows;
  let setting: Setting;

  beforeAll(async () => {
    windows = await startWindows();
  });

  beforeEach(async () => {
    setting = await startGatewaySetting();
    onTestFinished(() => setting.close());
  });

  afterAll(() => windows?.close());

  /** Connects a client that is signed in as ann, and whose user opens the pages that it asks for. */
  function connect(onPage: (url: string) => Promise<void>): Client {
    const grant = browserSignIn({ open: async (page) => void (await signInAs("ann", page)) });
    const client = createClient(setting.url, {
      auth: oauth({ grant }),
      elicitation: { url: {} },
      onElicit: async (params) => {
        if (params.mode !== "url") throw new Error("expected a page");
        await onPage(params.url);
        return { action: "accept" };
      },
    });
    onTestFinished(() => client.close());
    return client;
  }

  /** Opens a link, signs in at the gateway's own authorization server, and returns the consent. */
  async function openConsent(window: BrowserContext, url: string): Promise<Page> {
    const page = await openTab(window, url);
    await signIn(page, "ann");
    await agree(page);
    await page.getByRole("heading", { name: "Connect your account" }).waitFor();
    return page;
  }

  const cookieOf = async (window: BrowserContext) =>
    (await window.cookies(setting.url.replace("http:", "https:"))).find(
      ({ name }) => name === cookieName,
    );

  it("is connected at the pages that a call leads to, and used for the call", async () => {
    const window = await windows.open();
    const client = connect(async (url) => {
      const page = await openConsent(window, url);
      expect(await cookieOf(window)).toMatchObject({
        ...{ domain: "127.0.0.1", path: "/" },
        ...{ secure: true, httpOnly: true, sameSite: "Lax" },
      });
      expect(await page.textContent("dl")).toContain(setting.other.issuer);
      expect(setting.other.seen).toEqual([]);
      await page.getByRole("button", { name: "Agree" }).click();
      await signIn(page, "annabel");
      await agree(page);
      await page.getByText("Your account is connected.").waitFor();
      expect(await cookieOf(window)).toBeUndefined();
    });
    const { content } = await client.callTool("member");
    expect(content).toEqual([{ type: "text", text: `${setting.other.issuer} annabel` }]);
    await window.close();
  });

  it("is connected by no response with another state, and not in another window", async () => {
    const window = await windows.open();
    const messages: (string | null)[] = [];
    const client = connect(async (url) => {
      const page = await openConsent(window, url);
      await page.getByRole("button", { name: "Agree" }).click();
      await page.locator("input[name=login]").waitFor();
      const stranger = await openTab(await windows.open(), `${setting.url}/sign-in/consent`);
      const forged = `${setting.url}/sign-in/callback?code=a&state=b&iss=${setting.other.issuer}`;
      const answer = await openTab(window, forged);
      messages.push(await stranger.textContent("h1"), await answer.textContent("h1"));
      await signIn(page, "ann");
      await agree(page);
      await page.getByRole("heading", { name: "This sign-in has ended" }).waitFor();
      throw new Error("the user gives up");
    });
    await expect(client.callTool("member")).rejects.toThrow();
    expect(messages).toEqual(["This sign-in has ended", "Not signed in"]);
    expect(setting.other.seen.some(({ path }) => path === "/token")).toBe(false);
    await window.close();
  });
});
