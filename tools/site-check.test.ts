import { expect, it } from "vitest";
import { siteFaults } from "./site-check.ts";

const other = { path: "api/b.html", text: '<h2 id="näher">N</h2>' };
const paths = ["a.html", "index.html", "api/b.html", "api/index.html", "docs/a.md", "a.css"];
const faultsIn = (path: string, text: string) => siteFaults([{ path, text }, other], paths);

it.each([
  '<a href="/api/b.html#n%C3%A4her">',
  '<a class="x" href="./api/b.html">',
  '<a href="/api/">',
  '<a href="/">',
  '<a href="#x"><h1 id="x">',
  '<a href="https://example.com/x">',
  '<a href="mailto:x@example.com">',
  '<a href="/docs/a.md#any">',
  '<link rel="icon" href="data:,">',
  '<script src="/assets/x.js">',
])("accepts %j", (text) => {
  expect(faultsIn("a.html", text)).toEqual([]);
});

it.each([
  ['<a href="/none.html">', "a.html: expected a file at none.html, for the link /none.html"],
  ['<a href="/api/b.html#none">', "a.html: expected a heading #none in api/b.html"],
  ['<a href="#none">', "a.html: expected a heading #none in a.html"],
  ['<script defer src="https://cdn.example/x.js">', "a.html: loads https://cdn.example/x.js"],
  ['<link rel="stylesheet" href="//cdn.example/x.css">', "a.html: loads //cdn.example/x.css"],
  ['<img alt="" src="http://cdn.example/x.png">', "a.html: loads http://cdn.example/x.png"],
])("rejects %j", (text, fault) => {
  expect(faultsIn("a.html", text)).toEqual([expect.stringContaining(fault)]);
});

it.each(["a { src: url('https://cdn.example/x') }", '@import "https://cdn.example/x";'])(
  "rejects the style sheet %j",
  (text) => {
    const fault = "a.css: loads https://cdn.example/x from another origin";
    expect(faultsIn("a.css", text)).toEqual([fault]);
  },
);
