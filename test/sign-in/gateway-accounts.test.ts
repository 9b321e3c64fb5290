/** Accounts of users at the authorization server of an upstream, connected at the pages of a gateway. */

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConfigInput } from "@lutra/gateway";
import { browserSignIn, oauth } from "lutra/auth/client";
import { type Client, createClient } from "lutra/client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Setting, type SettingOptions, startGatewaySetting } from "./gateway-setting.ts";
import { createPageUser, type Page, type PageUser, passSignIn } from "./page-user.ts";
import { signInAs } from "./scripted-user.ts";

const opened: { readonly close: () => Promise<unknown> }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function start(options: SettingOptions = {}): Promise<Setting> {
  const setting = await startGatewaySetting(options);
  opened.push(setting);
  return setting;
}

interface Asked {
  readonly client: Client;
  /** The pages that the client was asked to open. */
  readonly urls: string[];
}

/** Connects a user whose client can ask to open pages. */
function connect(
  { url }: Setting,
  login: string,
  onPage: (page: string) => Promise<"accept" | "decline">,
): Asked {
  const urls: string[] = [];
  const grant = browserSignIn({
    open: async (page) => void (await signInAs(login, page)),
    dynamicRegistration: true,
  });
  const client = createClient(url, {
    auth: oauth({ grant }),
    elicitation: { url: {} },
    onElicit: async (params) => {
      if (params.mode !== "url") throw new Error("expected a page");
      urls.push(params.url);
      return { action: await onPage(params.url) };
    },
  });
  opened.push(client);
  return { client, urls };
}

/** Opens a link as a user, up to the consent. */
async function openLink(user: PageUser, url: string, login: string): Promise<Page> {
  return passSignIn(user, await user.open(url), login);
}

/** Connects the account of a user. */
async function connectAccount(url: string, login: string, account = login): Promise<Page> {
  const user = createPageUser();
  const consent = await openLink(user, url, login);
  return passSignIn(user, await user.send(consent, { decision: "agree" }), account);
}

const textOf = ({ content }: { readonly content?: unknown }) =>
  (content as readonly { readonly text: string }[])[0]?.text;

const ways: readonly [string, ConfigInput["routes"]][] = [
  ["one upstream", undefined],
  ["merged upstreams", [{ merge: "all" }]],
];

describe.each(ways)("a user of %s", (_what, routes) => {
  it("is asked once to connect an account, with which calls are then made", async () => {
    const setting = await start({ ...(routes && { routes }) });
    const pages: Page[] = [];
    const { client, urls } = connect(setting, "ann", async (url) => {
      pages.push(await connectAccount(url, "ann", "annabel"));
      return "accept";
    });
    expect(textOf(await client.callTool("member"))).toBe(`${setting.other.issuer} annabel`);
    expect(textOf(await client.callTool("member"))).toBe(`${setting.other.issuer} annabel`);
    expect(urls).toHaveLength(1);
    expect(pages[0]?.text).toContain("Your account is connected");
  });
});

it("a user agrees for each client, also when the account is connected already", async () => {
  const setting = await start();
  const expected = `${setting.other.issuer} ann`;
  const accept = async (url: string) => {
    await connectAccount(url, "ann");
    return "accept" as const;
  };
  const first = connect(setting, "ann", accept);
  expect(textOf(await first.client.callTool("member"))).toBe(expected);
  const second = connect(setting, "ann", async () => "decline");
  await expect(second.client.callTool("member")).rejects.toThrow("which the user did not connect");
  expect(second.urls).toHaveLength(1);
  const third = connect(setting, "ann", accept);
  expect(textOf(await third.client.callTool("member"))).toBe(expected);
  await expect(second.client.callTool("member")).rejects.toThrow("which the user did not connect");
  expect(textOf(await first.client.callTool("member"))).toBe(expected);
  expect([first.urls.length, third.urls.length]).toEqual([1, 1]);
});

it("an account that was connected at one gateway is used by others, and after a restart", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lutra-accounts-"));
  opened.push({ close: () => rm(folder, { recursive: true, force: true }) });
  const file = join(folder, "accounts.db");
  const setting = await start({ store: `sqlite:${file}` });
  const grant = browserSignIn({ open: async (page) => void (await signInAs("ann", page)) });
  const auth = oauth({ grant });
  const client = createClient(setting.url, {
    auth,
    elicitation: { url: {} },
    onElicit: async (params) => {
      if (params.mode === "url") await connectAccount(params.url, "ann");
      return { action: "accept" };
    },
  });
  opened.push(client);
  const expected = `${setting.other.issuer} ann`;
  expect(textOf(await client.callTool("member"))).toBe(expected);
  const { accessToken } = (await auth.accessToken(setting.url)) ?? expect.fail();
  await setting.gateway.close();
  const later = await setting.startOne();
  const headers = { authorization: `Bearer ${accessToken}` };
  const direct = createClient(later.url, { headers });
  opened.push(direct);
  expect(textOf(await direct.callTool("member"))).toBe(expected);
  const files = await readdir(folder);
  const contents = await Promise.all(files.map((name) => readFile(join(folder, name), "latin1")));
  const stored = contents.join("\n");
  expect(stored).toContain("lutra token");
  for (const secret of [accessToken, setting.own.issuer, setting.other.issuer]) {
    expect(stored).not.toContain(secret);
  }
});

describe("the pages of a gateway", () => {
  let setting: Setting;
  beforeEach(async () => {
    setting = await start();
  });

  /** Returns the link that a client of a user gets. */
  async function linkOf(login: string): Promise<string> {
    const { client, urls } = connect(setting, login, async () => "decline");
    await expect(client.callTool("member")).rejects.toThrow("which the user did not connect");
    return urls[0] ?? "";
  }

  it("name the client, the account and the way back, and are not framed", async () => {
    const consent = await openLink(createPageUser(), await linkOf("ann"), "ann");
    expect(consent.url).toBe(`${setting.url}/sign-in/consent`);
    expect(consent.text).toContain(setting.other.issuer);
    expect(consent.text).toContain(`${setting.url}/sign-in/callback`);
    expect(consent.text).toContain("books:write");
    expect(consent.headers.get("x-frame-options")).toBe("DENY");
    expect(consent.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(consent.headers.get("cache-control")).toBe("no-store");
  });

  it("set one cookie for the host alone", async () => {
    const response = await fetch(await linkOf("ann"), { redirect: "manual" });
    await response.text();
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-lutra-sign-in=[\w-]{40,}; Path=\/; Max-Age=600; Secure; HttpOnly; SameSite=Lax$/,
      ),
    ]);
  });

  it("give the account of one user to no other", async () => {
    const link = await linkOf("ann");
    const page = await openLink(createPageUser(), link, "eve");
    expect([page.status, page.text]).toEqual([403, expect.stringContaining("another user")]);
    expect(setting.other.seen.filter(({ path }) => path === "/auth")).toEqual([]);
  });

  it("send nothing to the other authorization server before the user agrees", async () => {
    const user = createPageUser();
    const consent = await openLink(user, await linkOf("ann"), "ann");
    const declined = await user.send(consent, { decision: "decline" });
    expect(declined.text).toContain("Declined");
    const again = await user.send(consent, { decision: "agree" });
    expect(again.text).toContain("has ended");
    expect(setting.other.seen).toEqual([]);
  });

  it.each([
    ["another key", { decision: "agree", key: "forged" }],
    ["no key", { decision: "agree", key: "" }],
  ])("take no form with %s", async (_what, fields) => {
    const user = createPageUser();
    const consent = await openLink(user, await linkOf("ann"), "ann");
    expect((await user.send(consent, fields)).status).toBe(400);
    expect(setting.other.seen).toEqual([]);
  });

  it("take no response that belongs to no sign-in, or to another browser", async () => {
    const user = createPageUser();
    const consent = await openLink(user, await linkOf("ann"), "ann");
    const forged = await user.open(`${setting.url}/sign-in/callback?code=a&state=b`);
    expect(forged.status).toBe(400);
    await passSignIn(user, await user.send(consent, { decision: "agree" }), "ann");
    const stranger = await createPageUser().open(`${setting.url}/sign-in/consent`);
    expect(stranger.status).toBe(400);
  });

  it("take neither an agreement nor a response a second time", async () => {
    const user = createPageUser();
    const link = await linkOf("ann");
    const consent = await openLink(user, link, "ann");
    const agreed = await user.send(consent, { decision: "agree" });
    const { text, url: callback } = await passSignIn(user, agreed, "ann");
    expect([text, callback]).toEqual([
      expect.stringContaining("Your account is connected"),
      expect.stringContaining("/sign-in/callback?code="),
    ]);
    const before = setting.other.seen.length;
    for (const again of [user.send(consent, { decision: "agree" }), user.open(callback)]) {
      expect(await again).toMatchObject({
        status: 400,
        text: expect.stringContaining("has ended"),
      });
    }
    // The same response in the session of another consent, which the user has not given.
    const next = await openLink(user, link, "ann");
    expect(next.url).toBe(`${setting.url}/sign-in/consent`);
    expect((await user.open(callback)).status).toBe(400);
    expect(setting.other.seen.length).toBe(before);
  });

  it.each(["", "?ticket=x", "/consent", "/return", "/callback", "/other"])(
    "answer %j without a valid link with a page",
    async (path) => {
      const page = await createPageUser().open(`${setting.url}/sign-in${path}`);
      expect([page.status, page.text]).toEqual([400, expect.stringContaining("has ended")]);
    },
  );

  it("are named in the error for a client that cannot ask", async () => {
    const grant = browserSignIn({ open: async (page) => void (await signInAs("ann", page)) });
    const client = createClient(setting.url, { auth: oauth({ grant }) });
    opened.push(client);
    const error = await client.callTool("member").then(
      () => expect.fail("expected a refusal"),
      (thrown) => thrown,
    );
    expect(error.message).toContain("The upstream needs your account: connect it at http");
    expect(error.data).toMatchObject({ upstream: "books" });
    const page = await connectAccount(error.data.url, "ann");
    expect(page.text).toContain("Your account is connected");
    expect(textOf(await client.callTool("member"))).toBe(`${setting.other.issuer} ann`);
  });
});
