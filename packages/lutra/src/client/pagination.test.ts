import { describe, expect, it } from "vitest";
import type { JSONRPCRequest } from "../protocol/json-rpc.ts";
import { peerError, type Script, scripted } from "./fixtures/scripted-server.ts";
import { cacheStatusOf } from "./index.ts";

const cursorOf = ({ params }: JSONRPCRequest) => params?.cursor;

/** Prompts in pages; the name of each page is its cursor. */
function paged(pages: { [cursor: string]: object }): Script {
  return (request) => {
    const page = pages[String(cursorOf(request) ?? "first")];
    if (page === undefined) throw peerError(-32602);
    return { resultType: "complete", ttlMs: 1000, cacheScope: "public", prompts: [], ...page };
  };
}

const named = (...names: string[]) => names.map((name) => ({ name }));

describe("a list", () => {
  it("is collected from all its pages", async () => {
    const { client, requests } = scripted(
      paged({
        first: { prompts: named("a"), nextCursor: "2" },
        2: { prompts: named("b", "c"), nextCursor: "3" },
        3: { prompts: named("d") },
      }),
    );
    const { prompts, nextCursor } = await client.listPrompts();
    expect(prompts).toEqual(named("a", "b", "c", "d"));
    expect(nextCursor).toBeUndefined();
    expect(requests.map(cursorOf)).toEqual([undefined, "2", "3"]);
  });

  it("continues after an empty cursor", async () => {
    const { client } = scripted(
      paged({ first: { prompts: named("a"), nextCursor: "" }, "": { prompts: named("b") } }),
    );
    expect((await client.listPrompts()).prompts).toEqual(named("a", "b"));
  });

  it("expires with its first page to expire, and is private if one page is", async () => {
    const { client } = scripted(
      paged({
        first: { nextCursor: "2", ttlMs: 5000 },
        2: { ttlMs: 10, cacheScope: "private" },
      }),
    );
    expect(await client.listPrompts()).toMatchObject({ ttlMs: 10, cacheScope: "private" });
  });

  it("is fetched again without cached pages when a cursor has become invalid", async () => {
    let generation = 1;
    const { client, requests } = scripted((request, context, count) => {
      const pages =
        generation === 1
          ? { first: { prompts: named("old"), nextCursor: "gone" } }
          : { first: { prompts: named("new"), nextCursor: "next" }, next: {} };
      if (cursorOf(request) === "gone") generation = 2;
      return paged(pages)(request, context, count);
    });
    expect((await client.listPrompts()).prompts).toEqual(named("new"));
    expect(requests.map(cursorOf)).toEqual([undefined, "gone", undefined, "next"]);
  });

  it("is fetched again only once", async () => {
    const { client, requests } = scripted(paged({ first: { nextCursor: "gone" } }));
    await expect(client.listPrompts()).rejects.toMatchObject({ reason: "invalidParams" });
    expect(requests).toHaveLength(4);
  });

  it("rejects a cursor that is returned twice", async () => {
    const { client, requests } = scripted(
      paged({ first: { nextCursor: "2" }, 2: { nextCursor: "3" }, 3: { nextCursor: "2" } }),
    );
    await expect(client.listPrompts()).rejects.toMatchObject({
      reason: "malformed",
      message: "prompts: the server returned the same cursor twice",
    });
    expect(requests).toHaveLength(3);
  });

  it("rejects a cursor that is too long to be sent back", async () => {
    const { client, requests } = scripted(paged({ first: { nextCursor: "x".repeat(65_537) } }));
    await expect(client.listPrompts()).rejects.toMatchObject({
      reason: "malformed",
      message: "nextCursor: expected at most 65536 characters",
    });
    expect(requests).toHaveLength(1);
  });

  it("is limited to maxPages", async () => {
    const endless: Script = (request) => ({
      prompts: [],
      nextCursor: `${Number(cursorOf(request) ?? 0) + 1}`,
    });
    const { client, requests } = scripted(endless, { maxPages: 5 });
    await expect(client.listPrompts()).rejects.toMatchObject({ reason: "malformed" });
    expect(requests).toHaveLength(5);
  });

  it("is limited to maxListBytes", async () => {
    const large: Script = (request) => ({
      prompts: [{ name: "x".repeat(1000) }],
      nextCursor: `${Number(cursorOf(request) ?? 0) + 1}`,
    });
    const { client, requests } = scripted(large, { maxListBytes: 5000 });
    await expect(client.listPrompts()).rejects.toMatchObject({
      reason: "malformed",
      message: "prompts: expected at most 5000 bytes in all pages (maxListBytes)",
    });
    expect(requests.length).toBeLessThan(6);
  });

  it("is marked as cached when all its pages came from the cache", async () => {
    const { client } = scripted(paged({ first: { nextCursor: "2" }, 2: {} }));
    expect(cacheStatusOf(await client.listPrompts())).toBeUndefined();
    expect(cacheStatusOf(await client.listPrompts())).toBe("fresh");
  });
});

describe("basic/index#icons: the entries of a list", () => {
  const unsafe = [
    "javascript:alert(1)",
    "file:///etc/passwd",
    "ftp://a/b.png",
    "ws://a",
    "app://a",
  ];
  const safe = { src: "https://example.com/a.png" };
  const iconed = () => {
    const icons = [...unsafe.map((src) => ({ src })), safe];
    return scripted(paged({ first: { prompts: [{ name: "a", icons }, { name: "b" }] } }));
  };

  it("clients MUST reject icon URIs that use unsafe schemes", async () => {
    const { client, warnings } = iconed();
    const expected = [{ name: "a", icons: [safe] }, { name: "b" }];
    expect((await client.listPrompts()).prompts).toEqual(expected);
    expect((await client.listPromptsPage()).prompts).toEqual(expected);
    expect(warnings).toContain("prompts/list: icons with unsafe addresses are omitted");
  });

  it("are marked as cached without their unsafe icons, too", async () => {
    const { client } = iconed();
    await client.listPrompts();
    expect(cacheStatusOf(await client.listPrompts())).toBe("fresh");
  });
});

describe("one page of a list", () => {
  it("is the first page, or the one that a cursor names", async () => {
    const pages = { first: { prompts: named("a"), nextCursor: "" }, "": { prompts: named("b") } };
    const { client } = scripted(paged(pages));
    expect(await client.listPromptsPage()).toMatchObject({ prompts: named("a"), nextCursor: "" });
    expect(await client.listPromptsPage("")).toMatchObject({ prompts: named("b") });
  });

  it.each(["listToolsPage", "listResourcesPage", "listResourceTemplatesPage"] as const)(
    "is there for every list: %s",
    async (list) => {
      const { client, requests } = scripted(() => undefined);
      await client[list]("here");
      expect(requests.map(cursorOf)).toEqual(["here"]);
    },
  );
});
