/** The sign-in at a protected server from the view Explore, with a real authorization server. */
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type AuthorizationServerOptions,
  startAuthorizationServer,
} from "../sign-in/authorization-server.ts";
import { startProtectedServer } from "../sign-in/protected-server.ts";
import {
  hasChromium,
  inspect,
  needsChromium,
  openPage,
  seriousFindings,
  shoot,
  timeout,
} from "./in-browser.ts";

const poll = { timeout };

/** Starts a protected server with an authorization server, and inspects it. */
async function openProtected(features: AuthorizationServerOptions["features"] = {}) {
  const server = await startProtectedServer();
  onTestFinished(server.close);
  const authorization = await startAuthorizationServer({
    resource: () => server.url,
    scopes: ["books:read"],
    features,
  });
  onTestFinished(authorization.close);
  server.trust(authorization.issuer);
  const { link } = await inspect(server.url);
  const opened = await openPage(link);
  await opened.go("#/explore/server");
  const card = opened.page.getByRole("region", { name: "Sign-in", exact: true });
  await card.waitFor();
  const rows = () => card.locator("tbody tr").allTextContents();
  return { ...opened, card, rows, issuer: authorization.issuer, server };
}

describe.skipIf(!hasChromium)(`the sign-in of Explore (${needsChromium})`, () => {
  it("shows each hop, from the challenge of the server to the first request with a token", async () => {
    const { page, card, rows, call, issuer, server } = await openProtected();
    await card.getByText("waits for you").waitFor();
    const popup = page.context().waitForEvent("page");
    await card.getByRole("button", { name: "Open the sign-in page" }).click();
    const user = await popup;
    await user.waitForURL((url) => url.origin === issuer);
    await user.getByPlaceholder("Enter any login").fill("ada");
    await user.getByPlaceholder("and password").fill("any");
    await user.getByRole("button", { name: "Sign-in" }).click();
    await user.getByRole("button", { name: "Continue" }).click();

    await card.getByText("signed in", { exact: true }).waitFor();
    expect(await rows()).toEqual([
      expect.stringMatching(/^request without a token.*401/),
      expect.stringMatching(/^metadata of the server.*200/),
      // Read again when the user is asked to sign in, which may be much later.
      expect.stringMatching(/^metadata of the server.*200/),
      expect.stringMatching(/^metadata of the authorization server.*200/),
      expect.stringMatching(/^registration of the client.*201/),
      expect.stringMatching(/^page for the user/),
      expect.stringMatching(/^token.*200/),
      expect.stringMatching(/^request with the token.*200/),
    ]);
    await shoot(page, "sign-in");
    expect(await seriousFindings(page)).toEqual([]);
    await call("whoami");
    await expect.poll(() => page.locator(".run").textContent(), poll).toContain("ada");
    // The page has no token, and no code.
    const token = server.credentials.find((header) => header !== undefined) ?? "Bearer none";
    expect(await page.content()).not.toContain(token.replace("Bearer ", ""));
  });

  it("names the hop that failed", async () => {
    const { page, card, rows } = await openProtected({
      registration: { enabled: true, initialAccessToken: "secret" },
    });
    await card.getByText("failed", { exact: true }).waitFor();
    const last = (await rows()).at(-1);
    expect(last).toMatch(/^registration of the client/);
    expect(last).toContain("invalid_token");
    await card
      .getByRole("alert")
      .getByText(/^registration_refused: /)
      .waitFor();
    await shoot(page, "sign-in-failed");
  });
});
