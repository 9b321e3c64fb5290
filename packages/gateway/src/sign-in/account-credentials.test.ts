import { TransportError } from "lutra/protocol";
import { describe, expect, it } from "vitest";
import { MissingAccountError } from "../credentials/missing-account.ts";
import { createAccountCredentials } from "./account-credentials.ts";
import type { Account } from "./accounts.ts";

/** Creates credentials whose accounts answer with `token`. */
function credentialsOf(token: Account["token"], isPermitted = true, hasClient = true) {
  const warnings: string[] = [];
  const account = { token } as Account;
  const credentials = createAccountCredentials({
    name: "tickets",
    resource: "https://tickets.example/mcp",
    accountOf: () => account,
    isPermitted: async () => isPermitted,
    clientOf: () => (hasClient ? "client" : undefined),
    linkFor: async () => "https://gateway.example/sign-in",
    onWarning: (message) => warnings.push(message),
  });
  return { ...credentials, warnings };
}

const ana = { principal: { id: "ana" }, token: "t" };

describe("the tokens of users", () => {
  it("report once that none can be renewed, and when they can be again", async () => {
    let isOut = true;
    const { get, warnings } = credentialsOf(async () => {
      if (isOut) throw new TransportError("closed", "the server is out");
      return { accessToken: "a" };
    });
    for (let request = 0; request < 3; request += 1) {
      await expect(get(ana)).rejects.toMatchObject({ status: 503 });
    }
    isOut = false;
    expect(await get(ana)).toMatchObject({ accessToken: "a" });
    expect(warnings).toEqual([
      'upstream "tickets": no token can be obtained',
      'upstream "tickets": tokens can be obtained again',
    ]);
  });

  it("are renewed after the upstream has refused one", async () => {
    const refusals: unknown[] = [];
    const { get, refused } = credentialsOf(async ({ refused: token } = {}) => {
      refusals.push(token);
      return { accessToken: `token-${refusals.length}` };
    });
    refused(ana, await get(ana));
    expect(await get(ana)).toMatchObject({ accessToken: "token-2" });
    expect(refusals).toEqual([undefined, "token-1"]);
  });

  it("are not used for a client that the user has not permitted", async () => {
    const { get, warnings } = credentialsOf(async () => expect.fail("expected no request"), false);
    await expect(get(ana)).rejects.toBeInstanceOf(MissingAccountError);
    expect(warnings).toEqual([]);
  });

  it("are not used for a caller whose client is not known", async () => {
    const { get } = credentialsOf(async () => expect.fail("expected no request"), true, false);
    await expect(get(ana)).rejects.toMatchObject({ status: 403 });
  });

  it("need an account, which is not a failure", async () => {
    const { get, warnings } = credentialsOf(async () => undefined);
    await expect(get(ana)).rejects.toBeInstanceOf(MissingAccountError);
    expect(warnings).toEqual([]);
  });
});
