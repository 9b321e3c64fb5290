import { describe, expect, it } from "vitest";
import { cached } from "./fixtures/cached-upstream.ts";

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

/** Returns an upstream that echoes to each caller and marks the result public. */
const poisoned = (trustPublic?: boolean) =>
  cached(
    (_request, { header, principal }) => ({
      resultType: "complete",
      ttlMs: 60_000,
      cacheScope: "public",
      tools: [],
      for: principal?.id ?? header?.("authorization") ?? header?.("cookie") ?? "anyone",
    }),
    { trustPublic },
  );

describe("a public result of a request with credentials", () => {
  it.each([
    ["a token", bearer("ada"), bearer("bo")],
    ["a cookie", { headers: { cookie: "ada" } }, { headers: { cookie: "bo" } }],
    ["a principal", { principal: "ada" }, { principal: "bo" }],
    ["a token, and then nothing", bearer("ada"), {}],
  ])("is not shared by default, with %s", async (_what, first, second) => {
    const { ask } = poisoned();
    const ada = await ask(first);
    expect(ada.cacheScope).toBe("private");
    expect((await ask(second)).for).not.toBe(ada.for);
    expect((await ask(first)).for).toBe(ada.for);
  });

  it("is not shared between concurrent requests", async () => {
    const { ask } = poisoned();
    const answers = await Promise.all([ask(bearer("ada")), ask(bearer("bo")), ask()]);
    expect(answers.map((answer) => answer.for)).toEqual(["Bearer ada", "Bearer bo", "anyone"]);
  });

  it("is shared when trustPublic is true", async () => {
    const { ask, requests } = poisoned(true);
    await ask(bearer("ada"));
    expect(await ask(bearer("bo"))).toMatchObject({ for: "Bearer ada", cacheScope: "public" });
    expect(requests).toHaveLength(1);
  });
});

describe("a public result of a request without credentials", () => {
  it("is shared between all callers by default", async () => {
    const { ask, requests } = poisoned();
    await ask();
    expect(await ask(bearer("bo"))).toMatchObject({ for: "anyone", cacheScope: "public" });
    expect(requests).toHaveLength(1);
  });

  it("is not shared when trustPublic is false", async () => {
    const { ask, requests } = poisoned(false);
    await ask();
    await ask();
    expect(requests).toHaveLength(2);
  });
});

describe("a private result", () => {
  const own = () =>
    cached((_request, _context, count) => ({
      resultType: "complete",
      ttlMs: 60_000,
      cacheScope: "private",
      count,
    }));

  it("is cached for one authorization context, and each access token is another one", async () => {
    const { ask, requests } = own();
    const one = { principal: "ada", ...bearer("one") };
    await ask(one);
    expect(await ask(one)).toMatchObject({ count: 1 });
    expect(await ask({ principal: "ada", ...bearer("two") })).toMatchObject({ count: 2 });
    expect(await ask({ principal: "ada" })).toMatchObject({ count: 3 });
    expect(requests).toHaveLength(3);
  });

  it("is not cached for callers without credentials, who cannot be distinguished", async () => {
    const { ask, requests } = own();
    await ask();
    await ask();
    expect(requests).toHaveLength(2);
  });
});

it("the keys and statistics of the cache contain no token", async () => {
  const { authorizationContext } = await import("./authorization-context.ts");
  const context = {
    signal: new AbortController().signal,
    notify: () => {},
    header: (name: string) => (name === "authorization" ? "Bearer s3cret" : undefined),
  };
  expect(authorizationContext(context)).not.toContain("s3cret");
  expect(authorizationContext(context)).toMatch(/[A-Za-z0-9_-]{43}/);
});
