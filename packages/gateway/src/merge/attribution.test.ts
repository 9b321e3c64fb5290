import fc from "fast-check";
import { normalURI } from "lutra/internal";
import { describe, expect, it } from "vitest";
import { createUriForms } from "../subjects/uri-forms.ts";
import { Attribution } from "./attribution.ts";
import { ListedKeys } from "./listed-keys.ts";

type Uris = Readonly<Record<string, readonly string[]>>;

const listsOf = (uris: Uris) =>
  Object.entries(uris).map(([upstream, names]) => new ListedKeys(upstream, names));

const attribution = (resources: Uris, resourceTemplates: Uris = {}, skills: Uris = {}) =>
  new Attribution(
    {
      resources: listsOf(resources),
      resourceTemplates: listsOf(resourceTemplates),
      skills: listsOf(skills),
    },
    createUriForms(["a", "b", "c"]),
  );

describe("attribution of URIs", () => {
  it("leaves a URI unchanged that one upstream lists", () => {
    const uris = attribution({ a: ["file:///x"], b: ["file:///y"] });
    expect(uris.show("a", "file:///x")).toBe("file:///x");
    expect(uris.find("file:///y")).toEqual({ upstream: "b", uri: "file:///y" });
  });

  it("leaves a URI unchanged that templates of one upstream match", () => {
    const uris = attribution({}, { a: ["place://{id}"], b: ["trip://{id}"] });
    expect(uris.show("a", "place://1")).toBe("place://1");
    expect(uris.find("trip://2")).toEqual({ upstream: "b", uri: "trip://2" });
  });

  it("adds the upstream to a URI that several upstreams list or match, or none does", () => {
    const templates = { a: ["place://{id}"], b: ["place://{id}"] };
    const uris = attribution({ a: ["file:///x"], b: ["file:///x"] }, templates);
    expect(uris.show("a", "file:///x")).toBe("a+file:///x");
    expect(uris.show("b", "place://1")).toBe("b+place://1");
    expect(uris.show("c", "memo:1")).toBe("c+memo:1");
    expect(uris.find("file:///x")).toBeUndefined();
    expect(uris.find("place://1")).toBeUndefined();
    expect(uris.find("b+place://1")).toEqual({ upstream: "b", uri: "place://1" });
  });

  it("adds the upstream to a URI that only another upstream lists", () => {
    const uris = attribution({ a: ["file:///x"] });
    expect(uris.show("b", "file:///x")).toBe("b+file:///x");
  });

  it("adds the upstream to a URI that one upstream lists and a template of another one matches", () => {
    const uris = attribution({ a: ["file:///x"] }, { b: ["file:///{+path}"] });
    expect(uris.find("file:///x")).toBeUndefined();
    expect(uris.find("file:///y")?.upstream).toBe("b");
    expect(uris.show("a", "file:///x")).toBe("a+file:///x");
    expect(uris.show("b", "file:///x")).toBe("b+file:///x");
  });

  it("leaves the URIs of others alone when a template has no literal scheme", () => {
    const uris = attribution({ a: ["file:///x"] }, { a: ["place://{id}"], b: ["{+uri}"] });
    expect(uris.find("file:///x")?.upstream).toBe("a");
    expect(uris.find("place://1")?.upstream).toBe("a");
    expect(uris.find("other:1")).toBeUndefined();
    expect(uris.show("b", "other:1")).toBe("b+other:1");
    expect(uris.showTemplate("a", "place://{id}")).toBe("place://{id}");
  });

  it("adds the upstream to a URI that already has the form of one that carries it", () => {
    const uris = attribution({ b: ["a+file:///x"] });
    expect(uris.show("b", "a+file:///x")).toBe("b+a+file:///x");
    expect(uris.find("b+a+file:///x")).toEqual({ upstream: "b", uri: "a+file:///x" });
    expect(uris.find("a+file:///x")).toEqual({ upstream: "a", uri: "file:///x" });
  });

  it("always adds the upstream to the URI of a user interface", () => {
    const uris = attribution({ a: ["ui://board"] });
    expect(uris.show("a", "ui://board")).toBe("ui://a/board");
    expect(uris.find("ui://board")).toBeUndefined();
  });

  it("leaves an unlisted web URI unchanged, so that clients can fetch it", () => {
    const uris = attribution({ b: ["https://b.example/"] });
    expect(uris.show("a", "https://a.example/")).toBe("https://a.example/");
    expect(uris.show("a", "https://b.example/")).toBe("a+https://b.example/");
    expect(uris.find("https://a.example/")).toBeUndefined();
  });
});

describe("attribution of other spellings of a URI", () => {
  it.each([
    ["file:///docs/café", "file:///docs/caf%C3%A9"],
    ["file:///docs/caf%C3%A9", "file:///docs/café"],
    ["file:///~me", "file:///%7Eme"],
    ["file:///a%2fb", "FILE:///a%2Fb"],
  ])("finds the listed %s for %s, and sends the listed spelling", (listed, sent) => {
    const uris = attribution({ a: [listed], b: ["file:///other"] });
    expect(uris.find(sent)).toEqual({ upstream: "a", uri: listed });
    expect(uris.find(`a+${sent}`)).toEqual({ upstream: "a", uri: listed });
    expect(uris.show("a", sent)).toBe(sent);
  });

  it("finds the upstream of a template whose text is spelled otherwise", () => {
    const uris = attribution({}, { a: ["file:///café/{name}"], b: ["file:///tea/{name}"] });
    const sent = "file:///caf%c3%a9/x";
    expect(uris.find(sent)).toEqual({ upstream: "a", uri: sent });
  });

  it("finds no upstream for a URI that two upstreams spell differently", () => {
    const uris = attribution({ a: ["x:é"], b: ["x:%C3%A9"] });
    expect(uris.find("x:é")).toBeUndefined();
    expect(uris.show("a", "x:é")).toBe("a+x:é");
    expect(uris.find("a+x:%c3%a9")).toEqual({ upstream: "a", uri: "x:é" });
    expect(uris.find("b+x:é")).toEqual({ upstream: "b", uri: "x:%C3%A9" });
  });

  it("adds the upstream to templates that two upstreams spell differently", () => {
    const uris = attribution({}, { a: ["x:é/{n}"], b: ["x:%C3%A9/{n}"] });
    expect(uris.showTemplate("a", "x:é/{n}")).toBe("a+x:é/{n}");
  });

  it("sends a URI as it is if its upstream lists two spellings of it", () => {
    const uris = attribution({ a: ["x:~", "x:%7E"] });
    expect(uris.find("x:%7E")).toEqual({ upstream: "a", uri: "x:%7E" });
    expect(uris.find("x:~")).toEqual({ upstream: "a", uri: "x:~" });
    expect(uris.find("x:%7e")).toEqual({ upstream: "a", uri: "x:~" });
  });
});

describe("attribution of URI templates", () => {
  it("leaves a template unchanged if all its URIs belong to one upstream", () => {
    const uris = attribution({ b: ["file:///x"] }, { a: ["place://{id}"], b: ["trip://{id}"] });
    expect(uris.showTemplate("a", "place://{id}")).toBe("place://{id}");
    expect(uris.findReference("place://{id}")).toEqual({ upstream: "a", uri: "place://{id}" });
  });

  it.each([
    ["the same template at another upstream", "place://{id}", {}, ["place://{id}"]],
    ["a wider template at another upstream", "place://eu/{id}", {}, ["place://{+rest}"]],
    ["a narrower template at another upstream", "place://{+rest}", {}, ["place://eu/{id}"]],
    ["a matching resource at another upstream", "place://{id}", { b: ["place://1"] }, []],
    ["no literal scheme", "{+uri}", {}, []],
    ["a user interface", "ui://board/{id}", {}, []],
    ["the form that carries an upstream", "b+place://{id}", {}, []],
    ["a syntax error", "place://{id", {}, []],
  ])("carry their upstream when there is %s", (_what, template, resources: Uris, others) => {
    const uris = attribution(resources, { a: [template], b: others });
    const shown = uris.showTemplate("a", template);
    expect(shown).not.toBe(template);
    expect(uris.findReference(shown)).toEqual({ upstream: "a", uri: template });
  });
});

const uri = fc.oneof(
  fc.constantFrom("x:1", "x:2", "y:1", "a+x:1", "b+a+x:1", "ui://x", "ui://a/x", "https://x/"),
  fc.string(),
);
const listed = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.uniqueArray(uri, { maxLength: 6 }));
const templates = fc.dictionary(
  fc.constantFrom("a", "b", "c"),
  fc.subarray(["x:{n}", "x:{+n}", "y:{n}", "{s}:{n}", "a+x:{n}"]),
);

describe("attribution of any URIs", () => {
  it("finds the upstream of every URI that was shown", () => {
    fc.assert(
      fc.property(listed, templates, fc.constantFrom("a", "b", "c"), uri, (r, t, upstream, one) => {
        const uris = attribution(r, t);
        const shown = uris.show(upstream, one);
        const found = uris.find(shown);
        // Unlisted web URIs belong to no upstream.
        if (shown === one && /^https?:/.test(one) && found === undefined) return;
        // A listed spelling of the same URI takes its place.
        expect(found?.upstream).toBe(upstream);
        expect(normalURI(found?.uri ?? "")).toBe(normalURI(one));
      }),
    );
  });

  it("finds the upstream of every URI of an unchanged template", () => {
    fc.assert(
      fc.property(listed, templates, fc.string({ maxLength: 8 }), (r, t, value) => {
        const uris = attribution(r, t);
        for (const [upstream, own] of Object.entries(t)) {
          for (const template of own) {
            if (uris.showTemplate(upstream, template) !== template) continue;
            const expanded = template.replace(/\{[^}]*\}/, encodeURIComponent(value) || "v");
            expect(uris.find(expanded)).toEqual({ upstream, uri: expanded });
          }
        }
      }),
    );
  });
});

describe("attribution of skills", () => {
  const root = "skill://acme/x";
  const file = `${root}/a/b.md`;

  it("finds the upstream of the directory of a skill, and of everything below", () => {
    const uris = attribution({}, {}, { a: [`${root}/SKILL.md`] });
    for (const uri of [root, `${root}/SKILL.md`, file]) {
      expect(uris.find(uri)).toEqual({ upstream: "a", uri });
      expect(uris.show("a", uri)).toBe(uri);
      expect(uris.show("b", uri)).toBe(`b+${uri}`);
    }
    expect(uris.find("skill://acme")).toBeUndefined();
    expect(uris.find("skill://acme/xy/SKILL.md")).toBeUndefined();
  });

  it("adds the upstream to a skill of which another one lists a file", () => {
    const uris = attribution({ b: [file] }, {}, { a: [`${root}/SKILL.md`] });
    expect(uris.showSkill("a", `${root}/SKILL.md`, [`${root}/SKILL.md`])).toBe(`${root}/SKILL.md`);
    expect(uris.showSkill("a", `${root}/SKILL.md`, [file])).toBe(`a+${root}/SKILL.md`);
    expect(uris.find(`a+${file}`)).toEqual({ upstream: "a", uri: file });
    expect(uris.find(file)).toBeUndefined();
  });

  it("adds the upstream to a template that a skill of another one overlaps", () => {
    const skills = { a: [`${root}/SKILL.md`] };
    for (const template of ["skill://acme/{name}", "skill://acme/x/a/{name}"]) {
      const uris = attribution({}, { b: [template] }, skills);
      expect(uris.showTemplate("b", template)).toBe(`b+${template}`);
    }
    const uris = attribution({}, { a: ["skill://acme/{name}"] }, skills);
    expect(uris.showTemplate("a", "skill://acme/{name}")).toBe("skill://acme/{name}");
  });
});
