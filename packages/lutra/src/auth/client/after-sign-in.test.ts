import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createClient } from "../../client/index.ts";
import { TransportError } from "../../protocol/transport-error.ts";
import type { HttpAuthorization } from "../../transport/http/authorization.ts";
import { afterSignIn } from "./after-sign-in.ts";
import { SignInRequiredError } from "./authorization-error.ts";

const url = "https://mcp.example/mcp";

/** A promise, and the function that resolves it. */
function deferred() {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** Answers every request that is signed in, after as many sign-ins as are needed. */
function signedInAfter(count: number, signIn: () => Promise<void>) {
  const log: string[] = [];
  let done = 0;
  const auth: HttpAuthorization = {
    afterSignIn,
    authorize: () => async (_url, init) => {
      if (done < count) {
        log.push("refused");
        const signInOnce = async (): Promise<void> => {
          await signIn();
          done += 1;
        };
        throw new SignInRequiredError(url, { signIn: signInOnce });
      }
      log.push("served");
      const { id } = JSON.parse(String(init?.body));
      const result = { resultType: "complete", tools: [], ttlMs: 0, cacheScope: "public" };
      return Response.json({ jsonrpc: "2.0", id, result });
    },
  };
  return { auth, log };
}

describe("a client whose requests need a sign-in", () => {
  it("sends them again afterwards", async () => {
    const { auth, log } = signedInAfter(2, async () => {});
    const client = createClient(url, { auth });
    expect((await client.listTools()).tools).toEqual([]);
    expect(log).toEqual(["refused", "refused", "served"]);
  });

  it("does not count the time of the user", async () => {
    let finish: () => void = () => {};
    const asked = deferred();
    const signIn = () =>
      new Promise<void>((resolve) => {
        finish = resolve;
        asked.resolve();
      });
    const { auth } = signedInAfter(1, signIn);
    const client = createClient(url, { auth, timeoutMs: 100, maxTimeoutMs: 100 });
    const call = client.listTools();
    await asked.promise;
    await delay(150); // time: simulates a user who takes longer than the request may
    finish();
    expect((await call).tools).toEqual([]);
  });

  it("asks for at most three", async () => {
    let count = 0;
    const { auth } = signedInAfter(10, async () => {
      count += 1;
    });
    const call = createClient(url, { auth }).listTools();
    await expect(call).rejects.toMatchObject({ reason: "unauthorized" });
    expect(count).toBe(3);
  });

  it("ends the wait when it is closed, and when the call is aborted", async () => {
    for (const end of ["close", "abort"]) {
      const asked = deferred();
      const { auth } = signedInAfter(1, () => {
        asked.resolve();
        return new Promise(() => {});
      });
      const client = createClient(url, { auth });
      const controller = new AbortController();
      const call = client.listTools({ signal: controller.signal });
      await asked.promise;
      if (end === "close") await client.close();
      else controller.abort();
      await expect(call).rejects.toBeInstanceOf(TransportError);
    }
  });

  it("does not decide about the era of the server", async () => {
    const { auth } = signedInAfter(1, async () => {
      throw new TransportError("unauthorized", "refused", { status: 401 });
    });
    const client = createClient(url, { auth });
    await expect(client.listTools()).rejects.toThrow("refused");
    expect(client.serverEra).toBeUndefined();
  });

  it("refuses a header that would replace the token", () => {
    const { auth } = signedInAfter(0, async () => {});
    const headers = { Authorization: "Bearer x" };
    expect(() => createClient(url, { auth, headers })).toThrow("expected no authorization");
  });
});
