import { expect, it } from "vitest";
import { parseURITemplate } from "./uri-template.ts";

it.each([
  ["{+a}{+b}{+c}{+d}!", "x"],
  ["{a,b,c,d,e}!", ","],
  ["{a}{b}{c}{d}{e}!", "x"],
  ["{/a,b,c,d}{+e}!", "/x"],
  ["{+a}/{+b}/{+c}/{+d}!", "/x"],
  ["x{.a,b,c,d}{e}!", ".x"],
  ["{#a,b,c,d}!", "#,"],
])("the work for one URI is bounded, however it is made: %s", (template, repeated) => {
  const uri = repeated.repeat(8192).slice(0, 8192);
  const start = performance.now();
  expect(parseURITemplate(template).match(uri)).toBeUndefined();
  expect(performance.now() - start).toBeLessThan(1000);
});
