import { describe, expect, it, vi } from "vitest";
import type { ServeTarget } from "../../../client/index.ts";
import type { Result } from "../../../protocol/json-rpc.ts";
import { defineMethod } from "../../../protocol/method.ts";
import { createServer } from "../../../server/create-server.ts";
import { serveMethod } from "../../../server/dispatch.ts";
import { connect } from "../../../testing/connect.ts";
import { recordNotifications } from "../../../testing/record-notifications.ts";
import { skillDigest } from "../digest.ts";
import { entryProblem } from "../entry.ts";
import { skillAt, skillServer, skillText } from "../fixtures/skill-server.ts";
import { readSkills } from "../index.ts";
import { listSkills, readDirectory, type Skill, skillsId } from "../protocol.ts";
import type { ReadSkillsOptions } from "./read-skills.ts";

const text = skillText("refunds");
const refunds = skillAt(
  "acme/refunds",
  { "references/GUIDE.md": "Guide\n", "a.bin": new Uint8Array([0, 255]) },
  text,
);
const uri = "skill://acme/refunds/SKILL.md";

/** Connects a client, and records the methods and URIs of its requests. */
function client(server: ServeTarget, options: ReadSkillsOptions = {}, warnings: string[] = []) {
  const requests: string[] = [];
  const connected = connect(server, {
    extensions: [readSkills({ label: "docs", ...options })],
    onWarning: (message) => warnings.push(message),
    middleware: [
      (next) => (request, context) => {
        requests.push(`${request.method} ${request.params?.uri ?? ""}`.trim());
        return next(request, context);
      },
    ],
  });
  return { ...connected, requests };
}

/** A server that changes the results of an honest one. */
function changing(change: (result: Result, method: string) => Result, from = [refunds]) {
  return skillServer(from, {
    middleware: [
      (next) => async (request, context) => change(await next(request, context), request.method),
    ],
  }).server;
}

/** Changes each entry of the list and of `skills/get`. */
function withEntry(change: (skill: Skill) => unknown, from = [refunds]) {
  return changing((result) => {
    if (Array.isArray(result.skills)) return { ...result, skills: result.skills.map(change) };
    if (result.skill !== undefined) return { ...result, skill: change(result.skill as Skill) };
    return result;
  }, from);
}

const withText = (changed: string) =>
  changing((result, method) =>
    method === "resources/read"
      ? { ...result, contents: [{ uri, mimeType: "text/markdown", text: changed }] }
      : result,
  );

describe("ext-skills/skills#skill-uris", () => {
  it("a skill MUST keep the server that the host named beside its URI", async () => {
    const first = client(skillServer([refunds]).server, { label: "billing" });
    const second = client(skillServer([refunds]).server, { label: "support" });
    expect(await first.skills.list()).toMatchObject([{ server: "billing", uri }]);
    expect(await second.skills.get(uri)).toMatchObject({ server: "support", uri });
    expect(await first.skills.load(uri)).toMatchObject({ server: "billing", uri, text });
  });

  it("the label is the address of the server by default, and not the name it gives itself", async () => {
    const { server } = skillServer([refunds]);
    const named = connect(server, { extensions: [readSkills()] });
    const [skill] = await named.skills.list();
    expect(skill?.server).toEqual(expect.any(String));
    expect(skill?.server).not.toBe("");
  });

  it("two skills of one name are both listed", async () => {
    const from = [skillAt("a/refunds"), skillAt("b/refunds")];
    const { skills } = client(skillServer(from).server);
    expect((await skills.list()).map((one) => one.uri)).toEqual([
      "skill://a/refunds/SKILL.md",
      "skill://b/refunds/SKILL.md",
    ]);
  });
});

describe("ext-skills/skills#capability-negotiation", () => {
  it("nothing is sent to a server that does not declare the extension", async () => {
    const { skills, requests } = client(createServer({ name: "x", version: "1" }));
    await expect(skills.list()).rejects.toMatchObject({ reason: "unsupported" });
    await expect(skills.get(uri)).rejects.toMatchObject({ name: "SkillError" });
    expect(new Set(requests)).toEqual(new Set(["server/discover"]));
  });

  it("MUST NOT call resources/directory/read unless the server declares it", async () => {
    const bare = createServer({
      name: "x",
      version: "1",
      extensions: [{ id: skillsId, isServerOnly: true, hasResources: true }],
    });
    const { skills, requests } = client(bare);
    await expect(skills.readDirectory("skill://a")).rejects.toMatchObject({
      reason: "unsupported",
    });
    expect(requests).toEqual(["server/discover"]);
    const served = client(skillServer([refunds]).server);
    expect(await served.skills.readDirectory("skill://acme/refunds/references")).toMatchObject([
      { name: "GUIDE.md" },
    ]);
  });
});

describe("ext-skills/skills#lazy-retrieval", () => {
  it("MUST NOT read files on listing and getting, and reads each when it is needed", async () => {
    const { skills, requests } = client(skillServer([refunds]).server);
    const [skill] = await skills.list();
    await skills.get(uri);
    expect(requests.filter((request) => request.startsWith("resources/read"))).toEqual([]);
    const loaded = await skills.load(skill as Skill);
    expect(requests.at(-1)).toBe(`resources/read ${uri}`);
    await loaded.read("references/GUIDE.md");
    expect(requests.at(-1)).toBe("resources/read skill://acme/refunds/references/GUIDE.md");
  });
});

describe("ext-skills/skills#verification-on-read", () => {
  it("a skill with the content of its entry is loaded, and its files are read", async () => {
    const { skills } = client(skillServer([refunds]).server);
    const loaded = await skills.load(uri);
    expect(loaded).toMatchObject({ text, isVerified: true });
    const guide = await loaded.read("./references/GUIDE.md");
    expect(guide).toMatchObject({ path: "references/GUIDE.md", mimeType: "text/markdown" });
    expect(guide.text()).toBe("Guide\n");
    expect((await loaded.read("skill://acme/refunds/a.bin")).bytes).toEqual(
      new Uint8Array([0, 255]),
    );
  });

  it.each([
    ["size", `${text}more`],
    ["digest", text.replace("Body", "Evil")],
  ])("content of another %s MUST NOT be used", async (reason, changed) => {
    const { skills, requests } = client(withText(changed));
    await expect(skills.load(uri)).rejects.toMatchObject({ reason, uri });
    await expect(skills.download(uri)).rejects.toMatchObject({ reason });
    const read = requests.filter((one) => one.startsWith("resources/read"));
    expect(new Set(read)).toEqual(new Set([`resources/read ${uri}`]));
  });

  it("a file that a cache still has is read again, past the cache", async () => {
    const { server, extension } = skillServer([refunds]);
    const { skills, requests } = client(server);
    await skills.load(uri);
    extension.reload([skillAt("acme/refunds", {}, skillText("refunds", "Changed."))]);
    const fresh = await skills.get(uri, { isFresh: true });
    expect(await skills.load(fresh)).toMatchObject({ text: skillText("refunds", "Changed.") });
    expect(requests.filter((one) => one.startsWith("resources/read"))).toHaveLength(2);
  });

  it("a notification of changed resources forgets the cached list and entries", async () => {
    const record = recordNotifications();
    const { server, extension } = skillServer([refunds]);
    const subscribed = connect(server, {
      extensions: [readSkills()],
      middleware: [record.middleware],
    });
    await subscribed.listen({ resourcesListChanged: true });
    expect(await subscribed.skills.list()).toHaveLength(1);
    extension.reload([refunds, skillAt("b")]);
    await record.next("notifications/resources/list_changed");
    await expect.poll(() => subscribed.skills.list(), { timeout: 15_000 }).toHaveLength(2);
    await subscribed.close();
  });
});

describe("ext-skills/skills#frontmatter-verification", () => {
  it.each([
    ["another description", { name: "refunds", description: "Exfiltrates" }],
    ["a further field", { name: "refunds", description: "About refunds", "allowed-tools": "Bash" }],
  ])("an entry with %s MUST NOT be loaded", async (_what, frontmatter) => {
    const { skills } = client(withEntry((skill) => ({ ...skill, frontmatter })));
    await expect(skills.load(uri)).rejects.toMatchObject({ reason: "frontmatter" });
  });

  it("the frontmatter of a dynamic skill is compared, too", async () => {
    const live = { ...skillAt("live", { "now.md": () => "now" }) };
    const honest = client(skillServer([live]).server, { allowDynamic: true });
    const loaded = await honest.skills.load("skill://live/SKILL.md");
    expect(loaded).toMatchObject({ isVerified: false, text: skillText("live") });
    expect((await loaded.read("now.md")).text()).toBe("now");
    const frontmatter = { name: "live", description: "Other" };
    const server = withEntry((skill) => ({ ...skill, frontmatter }), [live]);
    const { skills } = client(server, { allowDynamic: true });
    await expect(skills.load("skill://live/SKILL.md")).rejects.toMatchObject({
      reason: "frontmatter",
    });
  });
});

describe("ext-skills/skills#the-acting-window-and-the-held-entry", () => {
  it.each([
    ["other.md"],
    ["../refunds/SKILL.md"],
    ["references/../../x"],
    ["references\\GUIDE.md"],
    ["/etc/passwd"],
    ["skill://acme/other/SKILL.md"],
    ["file:///etc/passwd"],
    ["skill://acme/refunds/%2e%2e/other/SKILL.md"],
  ])("a read of %s, which the entry does not list, MUST fail without a request", async (file) => {
    const { skills, requests } = client(skillServer([refunds]).server);
    const { read } = await skills.load(uri);
    const before = requests.length;
    await expect(read(file)).rejects.toMatchObject({ reason: "unlisted" });
    expect(requests).toHaveLength(before);
  });

  it("a file that was added after loading is only read under a new entry", async () => {
    const { server, extension } = skillServer([refunds]);
    const { skills } = client(server);
    const held = await skills.load(uri);
    extension.reload([{ ...refunds, files: { ...refunds.files, "new.md": "New" } }]);
    await expect(held.read("new.md")).rejects.toMatchObject({ reason: "unlisted" });
    const again = await skills.load(await skills.get(uri, { isFresh: true }));
    expect((await again.read("new.md")).text()).toBe("New");
    expect(await skillDigest(again)).not.toBe(await skillDigest(held));
  });
});

describe("ext-skills/skills#resources", () => {
  const [own] = [{ uri, digest: `sha256:${"0".repeat(64)}`, size: 1 }];

  it.each([
    ["no resources", { resources: undefined }],
    ["a text other than dynamic", { resources: "none" }],
    ["no entry for SKILL.md", { resources: [] }],
    ["a digest in capitals", { resources: [{ ...own, digest: `sha256:${"A".repeat(64)}` }] }],
    ["no size", { resources: [{ ...own, size: undefined }] }],
    ["a negative size", { resources: [{ ...own, size: -1 }] }],
    ["a file that is listed twice", { resources: [own, own] }],
    ["a file outside", { resources: [own, { ...own, uri: "skill://acme/b.md" }] }],
    ["a path that leaves", { resources: [own, { ...own, uri: "skill://acme/refunds/../b.md" }] }],
    [
      "an encoded path that leaves",
      { resources: [own, { ...own, uri: "skill://acme/refunds/%2e%2e/b" }] },
    ],
    ["an encoded separator", { resources: [own, { ...own, uri: "skill://acme/refunds/..%5Cb" }] }],
    ["no description", { frontmatter: { name: "refunds" } }],
    ["another name", { frontmatter: { name: "other", description: "x" } }],
    ["a URI without SKILL.md", { uri: "skill://acme/refunds" }],
  ])("an entry with %s is invalid and MUST NOT be loaded", async (_what, change) => {
    const warnings: string[] = [];
    const server = withEntry((skill) => ({ ...skill, ...change }), [refunds]);
    const { skills } = client(server, {}, warnings);
    expect(await skills.list()).toEqual([]);
    expect(warnings).toEqual([
      expect.stringMatching(/^skills: an invalid entry is left out: skill\./),
    ]);
    await expect(skills.load(uri)).rejects.toMatchObject({ reason: "invalid" });
  });

  it("an entry for a URI other than the requested one is invalid", async () => {
    const server = changing((result) => {
      if (result.skill === undefined) return result;
      const other = "skill://acme/other/refunds/SKILL.md";
      return {
        ...result,
        skill: { ...(result.skill as object), uri: other, resources: "dynamic" },
      };
    });
    await expect(client(server).skills.get(uri)).rejects.toMatchObject({ reason: "invalid" });
  });

  it("a dynamic skill is declined, unless the options allow it", async () => {
    const { server } = skillServer([skillAt("live", { "now.md": () => "now" })]);
    const live = "skill://live/SKILL.md";
    await expect(client(server).skills.load(live)).rejects.toMatchObject({ reason: "dynamic" });
    const { skills } = client(server, { allowDynamic: true, maxBytes: 100 });
    await expect(skills.download(live)).rejects.toMatchObject({ reason: "dynamic" });
    const { read } = await skills.load(live);
    await expect(
      Promise.all(Array.from({ length: 50 }, () => read("now.md"))),
    ).rejects.toMatchObject({
      reason: "limit",
    });
  });
});

describe("ext-skills/skills#limits", () => {
  it("MUST support 512 files", async () => {
    const files = Object.fromEntries(Array.from({ length: 511 }, (_, n) => [`f${n}.md`, `${n}`]));
    const { skills } = client(skillServer([skillAt("a", files)]).server);
    const { files: downloaded } = await skills.download("skill://a/SKILL.md");
    expect(downloaded.size).toBe(512);
  });

  it.each([
    ["files", { maxFiles: 2 }],
    ["bytes", { maxBytes: 20 }],
  ])(
    "a skill with more %s than the limit is declined before a file is read",
    async (_what, limits) => {
      const { skills, requests } = client(skillServer([refunds]).server, limits);
      await expect(skills.load(uri)).rejects.toMatchObject({ reason: "limit" });
      expect(requests.filter((one) => one.startsWith("resources/read"))).toEqual([]);
    },
  );

  it("content that is larger than the limit is not decoded", async () => {
    const blob = "A".repeat(4000);
    const server = changing((result, method) =>
      method === "resources/read" ? { ...result, contents: [{ uri, blob }] } : result,
    );
    await expect(client(server, { maxBytes: 1000 }).skills.load(uri)).rejects.toMatchObject({
      reason: "limit",
    });
  });
});

describe("ext-skills/skills#listing-skills", () => {
  it("all pages are read", async () => {
    const from = ["a", "b", "c", "d", "e"].map((name) => skillAt(name));
    const { skills } = client(skillServer(from, { pageSize: 2 }).server);
    expect(await skills.list()).toHaveLength(5);
  });

  it("a server that repeats a cursor does not keep the client busy", async () => {
    const list = serveMethod(listSkills, () => ({ skills: [], nextCursor: "again" }));
    const extension = { id: skillsId, isServerOnly: true, methods: [list] };
    const warnings: string[] = [];
    const server = createServer({ name: "x", version: "1", extensions: [extension] });
    expect(await client(server, {}, warnings).skills.list()).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining("repeats a cursor")]);
  });

  it.each([
    ["repeats a cursor", { nextCursor: "again" }, "limit"],
    ["lists itself", { resources: [{ uri: "skill://a/b", name: "b" }] }, "invalid"],
    ["lists its parent", { resources: [{ uri: "skill://a", name: "a" }] }, "invalid"],
    ["lists another server's", { resources: [{ uri: "skill://x/b/c", name: "c" }] }, "invalid"],
    ["lists what is not below", { resources: [{ uri: "skill://a/b/../c", name: "c" }] }, "invalid"],
    ["lists a grandchild", { resources: [{ uri: "skill://a/b/c/d", name: "d" }] }, "invalid"],
  ] as const)("a directory that %s is refused", async (_, result, reason) => {
    let requests = 0;
    const read = serveMethod(readDirectory, () => {
      requests += 1;
      return { resources: [], ...result } as never;
    });
    const extension = {
      id: skillsId,
      isServerOnly: true,
      settings: { directoryRead: true },
      methods: [read],
    };
    const server = createServer({ name: "x", version: "1", extensions: [extension] });
    const reading = client(server).skills.readDirectory("skill://a/b");
    await expect(reading).rejects.toMatchObject({ reason });
    expect(requests).toBeLessThan(4);
  });

  it("a manifest with a million entries is refused at once", () => {
    const file = { digest: `sha256:${"a".repeat(64)}`, size: 1 };
    const resources = Array.from({ length: 1_000_000 }, (_, index) => ({
      ...file,
      uri: `skill://acme/refunds/${index}.md`,
    }));
    const frontmatter = { name: "refunds", description: "x" };
    const skill = { uri: "skill://acme/refunds/SKILL.md", frontmatter, resources };
    expect(entryProblem(skill)).toBe(".resources: expected at most 10000 files");
  });

  it("a response without a list is malformed", async () => {
    const method = defineMethod({ name: listSkills.name, params: (it) => it, result: (it) => it });
    const extension = {
      id: skillsId,
      isServerOnly: true,
      methods: [serveMethod(method, () => ({}))],
    };
    const server = createServer({ name: "x", version: "1", extensions: [extension] });
    await expect(client(server).skills.list()).rejects.toMatchObject({ reason: "malformed" });
  });
});

describe("readSkills", () => {
  it("refuses invalid options", () => {
    expect(() => readSkills({ maxFiles: 0 })).toThrow("readSkills: maxFiles: expected an integer");
    expect(() => readSkills({ label: "" })).toThrow("readSkills: label: expected");
    expect(() => readSkills({ lable: "x" } as never)).toThrow("lable: unknown option");
  });

  it("writes no folder on a platform without a file system", async () => {
    const onError = vi.fn();
    const { skills } = client(skillServer([refunds]).server);
    await skills.download(uri, { to: "/nowhere" }).catch(onError);
    expect(String(onError.mock.calls[0])).toContain("folders need Node, Deno or Bun");
  });
});
