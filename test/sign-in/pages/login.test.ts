/** `lutra login` with a real browser and a real authorization server. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, needsChromium } from "../../apps/chromium.ts";
import { type RunningLutra, runLutra } from "../../cli/run-lutra.ts";
import { permitSecretsIn } from "../../secrets/registered-secrets.ts";
import { type AuthorizationServer, startAuthorizationServer } from "../authorization-server.ts";
import { type ProtectedServer, startProtectedServer } from "../protected-server.ts";
import { agree, openTab, signIn, startWindows, type Windows } from "./browser-user.ts";

describe.skipIf(!hasChromium)(`lutra login, with Chromium${needsChromium}`, () => {
  let folder: string;
  let server: ProtectedServer;
  let as: AuthorizationServer;
  let windows: Windows;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lutra-browser-"));
    permitSecretsIn(join(folder, "lutra", "tokens.json"), "the store of a user without a keyring");
    windows = await startWindows();
    server = await startProtectedServer({ scopes: ["books:read"] });
    as = await startAuthorizationServer({
      resource: () => server.url,
      scopes: ["books:read", "books:write"],
    });
    server.trust(as.issuer);
  });

  afterAll(async () => {
    await Promise.all([windows?.close(), server?.close(), as?.close()]);
    await rm(folder, { recursive: true });
  });

  const lutra = (...words: readonly string[]): RunningLutra =>
    runLutra(...words, { XDG_STATE_HOME: folder, LUTRA_LOG: "" });

  /** Starts a sign-in, and returns its page in a window of its own. */
  async function begin(name: string) {
    const login = lutra("login", server.url, "--as", name, "--print-url");
    const [, url = ""] = await login.line(/^Sign in in your browser: (\S+)$/);
    const window = await windows.open();
    return {
      login,
      window,
      page: await openTab(window, url),
      parameters: new URL(url).searchParams,
    };
  }

  it("goes over sign-in and consent back to the command, and a call succeeds", async () => {
    const { login, window, page, parameters } = await begin("ann");
    const callback = parameters.get("redirect_uri") ?? "";
    const forged = await openTab(window, `${callback}?code=a&state=b&iss=${as.issuer}`);
    expect(await forged.textContent("p")).toBe("This page belongs to no sign-in.");
    await signIn(page, "ann");
    await agree(page);
    await page.getByText("You have signed in.").waitFor();
    expect(page.url().startsWith(`${callback}?code=`)).toBe(true);
    expect(await login.exited).toBe(0);
    expect(login.stdout).toEqual([`Signed in to ${server.url} as ann`]);
    await window.close();
    const call = lutra("call", server.url, "whoami", "--as", "ann");
    expect(await call.exited).toBe(0);
    await call.closed;
    expect(call.stdout.join("\n")).toContain(`${as.issuer} ann`);
  });

  it("ends with the reason when the user cancels", async () => {
    const { login, page } = await begin("bob");
    await page.getByRole("link", { name: "Cancel" }).click();
    await page.getByText("You have not been signed in.").waitFor();
    expect(await login.exited).toBe(1);
    await login.closed;
    expect(login.stderr.join("\n")).toContain("access_denied");
  });
});
