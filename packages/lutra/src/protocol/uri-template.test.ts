import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseURITemplate } from "./uri-template.ts";

type Values = { readonly [name: string]: string } | undefined;

describe("RFC 6570, section 1.2: what an expansion gives matches its template", () => {
  it.each<[template: string, uri: string, values: Values]>([
    ["{var}", "value", { var: "value" }],
    ["{hello}", "Hello%20World%21", { hello: "Hello World!" }],
    ["{+var}", "value", { var: "value" }],
    ["{+hello}", "Hello%20World!", { hello: "Hello World!" }],
    ["{+path}/here", "/foo/bar/here", { path: "/foo/bar" }],
    ["here?ref={+path}", "here?ref=/foo/bar", { path: "/foo/bar" }],
    ["X{#var}", "X#value", { var: "value" }],
    ["X{#hello}", "X#Hello%20World!", { hello: "Hello World!" }],
    ["map?{x,y}", "map?1024,768", { x: "1024", y: "768" }],
    ["{x,hello,y}", "1024,Hello%20World%21,768", { x: "1024", hello: "Hello World!", y: "768" }],
    ["{+x,hello,y}", "1024,Hello%20World!,768", { x: "1024", hello: "Hello World!", y: "768" }],
    ["{#path,x}/here", "#/foo/bar,1024/here", { path: "/foo/bar", x: "1024" }],
    ["X{.var}", "X.value", { var: "value" }],
    ["X{.x,y}", "X.1024.768", { x: "1024", y: "768" }],
    ["{/var}", "/value", { var: "value" }],
    ["{/var,x}/here", "/value/1024/here", { var: "value", x: "1024" }],
    ["{;x,y}", ";x=1024;y=768", { x: "1024", y: "768" }],
    ["{;x,y,empty}", ";x=1024;y=768;empty", { x: "1024", y: "768", empty: "" }],
    ["{?x,y}", "?x=1024&y=768", { x: "1024", y: "768" }],
    ["{?x,y,empty}", "?x=1024&y=768&empty=", { x: "1024", y: "768", empty: "" }],
    ["?fixed=yes{&x}", "?fixed=yes&x=1024", { x: "1024" }],
    ["{&x,y,empty}", "&x=1024&y=768&empty=", { x: "1024", y: "768", empty: "" }],
    ["{var:3}", "val", { var: "val" }],
    ["{var:30}", "value", { var: "value" }],
    ["{+path:6}/here", "/foo/b/here", { path: "/foo/b" }],
    ["{/var:1,var2}", "/v/value", { var: "v", var2: "value" }],
    [
      "search{?q,lang}{#part}",
      "search?q=chien&lang=fr#a/b",
      { q: "chien", lang: "fr", part: "a/b" },
    ],
  ])("%s: %s", (template, uri, values) => {
    expect(parseURITemplate(template).match(uri)).toEqual(values);
  });
});

describe("server/resources#resource-templates", () => {
  it.each<[template: string, uri: string, values: Values]>([
    ["place://{id}", "place://42", { id: "42" }],
    ["place://{id}", "place://", undefined],
    ["place://{id}", "place://4/2", undefined],
    ["place://{id}", "place://4?2", undefined],
    ["place://{id}", "place://4%2F2", { id: "4/2" }],
    ["place://{id}", "place://z%C3%BCrich", { id: "zürich" }],
    ["place://{id}", "place://%zz", undefined],
    ["place://{id}", "place://%ff", undefined],
    ["place://{id}", "xplace://42", undefined],
    ["place://{id}", "PLACE://42", { id: "42" }],
    ["Place://{id}", "place://42", { id: "42" }],
    ["place://Zoo/{id}", "place://zoo/42", undefined],
    ["file:///café/{name}", "file:///caf%C3%A9/a.txt", { name: "a.txt" }],
    ["file:///café/{name}", "file:///caf%c3%a9/a.txt", { name: "a.txt" }],
    ["file:///caf%C3%A9/{name}", "file:///café/a.txt", { name: "a.txt" }],
    ["file:///~me/{name}", "file:///%7Eme/%61", { name: "a" }],
    ["file:///%7eme/{name}", "file:///~me/ü", { name: "ü" }],
    ["file:///a b/{+path}", "file:///a%20b/c d", { path: "c d" }],
    ["file:///a%2Fb/{name}", "file:///a/b/c", undefined],
    ["place://{id}", "place://42\n", { id: "42\n" }],
    ["place://{id}/data", "place://1/data/data", undefined],
    ["file:///{+path}", "file:///a/b/c.txt", { path: "a/b/c.txt" }],
    ["file:///{+path}", "file:///../../etc/passwd", { path: "../../etc/passwd" }],
    ["a.b://{id}", "axb://1", undefined],
    ["a://(x)*[{id}]", "a://(x)*[1]", { id: "1" }],
    ["a://{x}-{y}", "a://1-2-3", { x: "1", y: "2-3" }],
    ["a://{+x}/{y}", "a://1/2/3", { x: "1/2", y: "3" }],
    ["a://{+x}/{y}/z", "a://1/2/z/3/z", { x: "1/2/z", y: "3" }],
    ["a://{x}{y}", "a://12", { x: "1", y: "2" }],
    ["a://{x}{y}", "a://1", undefined],
    ["a://fixed", "a://fixed", {}],
    ["a://fixed", "a://fixed2", undefined],
    ["a://s{?q}", "a://s", {}],
    ["a://s{?q}", "a://s?", {}],
    ["a://s{?q}", "a://s?other=1", {}],
    ["a://s{?q}", "a://s?q=a%20b&q=c", { q: "a b" }],
    ["a://s{?q}", "a://s?q=a+b", { q: "a b" }],
    ["a://s{?q}", "a://s/t?q=1", undefined],
    ["a://s{?q}", "a://s&q=1", undefined],
    ["a://s?x=1{&q}", "a://s?x=1", {}],
    ["a://s?x=1{&q}", "a://s?x=1&q=2", { q: "2" }],
    ["a://s?x=1{&q}", "a://s?x=2&q=2", undefined],
    ["a://{id}{?q}", "a://1?q=2", { id: "1", q: "2" }],
    ["a://x{;p}", "a://x;p=1", { p: "1" }],
    ["a://x{;p}", "a://x;pq", undefined],
    ["a://{id:3}", "a://1234", undefined],
    ["a://{id:2}", "a://z%C3%BC", { id: "zü" }],
    ["a://{id:2}", "a://🦦🦦", { id: "🦦🦦" }],
    ["a://{list*}", "a://1", { list: "1" }],
  ])("%s and %s: %j", (template, uri, values) => {
    expect(parseURITemplate(template).match(uri)).toEqual(values);
  });

  it.each([
    ["{id", "unbalanced"],
    ["id}", "unbalanced"],
    ["{{id}}", "unbalanced"],
    ["{a{b}}", "unbalanced"],
    ["{}", "invalid variable"],
    ["{a,}", "invalid variable"],
    ["{a b}", "invalid variable"],
    ["{=a}", "invalid variable"],
    ["{|a}", "invalid variable"],
    ["{a:}", "invalid variable"],
    ["{a:0}", "invalid variable"],
    ["{a:10000}", "invalid variable"],
    ["{a:x}", "invalid variable"],
    ["{a**}", "invalid variable"],
    ["{a*:3}", "invalid variable"],
    ["{a-b}", "invalid variable"],
    ["{a}/{a}", "used twice"],
    ["{a}{?a}", "used twice"],
  ])("a template that is not well-formed is refused at once: %s", (template, why) => {
    expect(() => parseURITemplate(template)).toThrow(TypeError);
    expect(() => parseURITemplate(template)).toThrow(why);
  });

  it("lists its variables in the order of the template", () => {
    const { variables } = parseURITemplate("a://{x}/{+y*}{?q:3,r}{#z}");
    expect(variables).toEqual(["x", "y", "q", "r", "z"]);
  });

  it("a URI longer than the bound matches nothing", () => {
    expect(parseURITemplate("a://{id}", 10).match("a://123456")).toEqual({ id: "123456" });
    expect(parseURITemplate("a://{id}", 10).match("a://1234567")).toBeUndefined();
    expect(parseURITemplate("a://{id}", 10).match("a://é")).toEqual({ id: "é" });
    expect(parseURITemplate("a://{id}", 10).match("a://éé")).toBeUndefined();
    expect(parseURITemplate("a://{id}", 10).match("a://%61%62%63")).toEqual({ id: "abc" });
  });

  it("finds the values that were put in", () => {
    const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
    const word = name.map((text) => text.replace(/\p{Surrogate}/gu, "x"));
    const path = fc.array(word, { minLength: 1, maxLength: 4 });
    const template = parseURITemplate("data://{tenant}/v1/{+path}{?q}{#part}");
    fc.assert(
      fc.property(word, path, fc.option(word), word, (tenant, segments, q, part) => {
        const encode = encodeURIComponent;
        const query = q === null ? "" : `?q=${encode(q)}`;
        const uri = `data://${encode(tenant)}/v1/${segments.map(encode).join("/")}${query}`;
        expect(template.match(`${uri}#${encode(part)}`)).toEqual({
          tenant,
          path: segments.join("/"),
          part,
          ...(q !== null && { q }),
        });
      }),
    );
  });

  it("any text is a match or none, never a failure", () => {
    const template = parseURITemplate("data://{tenant}/{+path}{;p}{?q}{#part}");
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff)), (codes) => {
        const values = template.match(`data://${String.fromCharCode(...codes)}`);
        if (values !== undefined) expect(Object.keys(values)).toContain("tenant");
      }),
    );
  });
});
