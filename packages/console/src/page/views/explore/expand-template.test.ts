/** URI templates that are filled in. The examples are those of RFC 6570, section 3.2. */
import { describe, expect, it } from "vitest";
import { expandTemplate, isExpansionOf, templateVariables } from "./expand-template.ts";

const values = {
  var: "value",
  hello: "Hello World!",
  path: "/foo/bar",
  x: "1024",
  y: "768",
  empty: "",
};

describe("a template", () => {
  it.each([
    ["{var}", "value"],
    ["{hello}", "Hello%20World%21"],
    ["{path}/here", "%2Ffoo%2Fbar/here"],
    ["{+path}/here", "/foo/bar/here"],
    ["{#path,x}here", "#/foo/bar,1024here"],
    ["{x,y}", "1024,768"],
    ["X{.x,y}", "X.1024.768"],
    ["{/var,x}/here", "/value/1024/here"],
    ["{;x,y}", ";x=1024;y=768"],
    ["{?x,y}", "?x=1024&y=768"],
    ["?fixed=yes{&x}", "?fixed=yes&x=1024"],
    ["{var:3}", "val"],
    ["{/var:1,var}", "/v/value"],
    ["{?x,unknown}", "?x=1024"],
    ["a{empty}b{unknown}", "ab"],
  ])("%s becomes %s", (template, uri) => {
    expect(expandTemplate(template, values)).toBe(uri);
  });

  it("names each of its variables once", () => {
    expect(templateVariables("a://{x}/{+path}{?x,y*}")).toEqual(["x", "path", "y"]);
  });

  it("recognises what it can have produced", () => {
    expect(isExpansionOf("place://{id}", "place://7")).toBe(true);
    expect(isExpansionOf("place://{id}/map", "place://7")).toBe(false);
    expect(isExpansionOf("place://{id}", "trip://7")).toBe(false);
  });
});
