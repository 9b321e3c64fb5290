/** The stylesheet of pages for people. */
import { createHash } from "node:crypto";

export const stylesheet: string = `
:root {
  color-scheme: light dark;
  --ground: #fbfaf8; --panel: #ffffff; --text: #1c1b1a; --quiet: #5d5a56; --line: #dedad4;
  --accent: #0b5d66; --code: #f2efea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #161718; --panel: #1e2022; --text: #e9e7e4; --quiet: #a8a5a0; --line: #35383b;
    --accent: #6cc5cf; --code: #26292c;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere;
}
header, main, footer { max-width: 62rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.5rem; }
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; letter-spacing: -0.01em; }
h2 { margin: 2.5rem 0 0.75rem; font-size: 1.25rem; }
h3 { margin: 1.25rem 0 0.4rem; font-size: 1rem; }
p { margin: 0.4rem 0; }
.kind { color: var(--quiet); font-size: 0.9rem; margin: 0 0 0.3rem; }
.lead { font-size: 1.1rem; max-width: 46rem; }
.whole { white-space: nowrap; }
.quiet { color: var(--quiet); }
.small { font-size: 0.9rem; }
.text { white-space: pre-line; unicode-bidi: isolate; max-width: 46rem; }
nav { margin-top: 1.25rem; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.4rem 1.25rem; padding: 0; margin: 0; list-style: none; }
a { color: var(--accent); text-underline-offset: 0.2em; }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
code, pre { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code { font-size: 0.9em; unicode-bidi: isolate; }
pre {
  margin: 0.4rem 0; padding: 0.8rem 1rem; background: var(--code); border: 1px solid var(--line);
  border-radius: 6px; font-size: 0.85rem; line-height: 1.5; white-space: pre-wrap; word-break: break-all;
}
pre code { font-size: 1em; }
.entries {
  margin: 0; padding: 0; list-style: none; background: var(--panel);
  border: 1px solid var(--line); border-radius: 8px;
}
.entries > li { padding: 0.8rem 1rem; border-top: 1px solid var(--line); }
.entries > li:first-child { border-top: 0; }
.entries h3 { margin: 0; font-weight: 600; }
.entries h3 span { font-weight: 400; color: var(--quiet); margin-left: 0.5rem; unicode-bidi: isolate; }
.count { font-weight: 400; color: var(--quiet); }
.wide { overflow-x: auto; overflow-wrap: normal; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.5rem 1rem 0.5rem 0; border-top: 1px solid var(--line); }
thead th { white-space: nowrap; border-top: 0; font-weight: 600; color: var(--quiet); font-size: 0.9rem; }
@media (max-width: 30rem) {
  table { font-size: 0.875rem; }
  th, td { padding-right: 0.6rem; }
}
dl { margin: 0; }
dt { margin-top: 0.9rem; font-weight: 600; }
dd { margin: 0.15rem 0 0; color: var(--quiet); }
footer { margin-top: 3rem; padding-top: 1rem; padding-bottom: 2.5rem; color: var(--quiet); font-size: 0.9rem; }
`;

const hash = createHash("sha256").update(stylesheet).digest("base64");

/** The headers of a page. It loads nothing, runs no script, and no other page can frame it. */
export const pageHeaders: { readonly [name: string]: string } = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  vary: "accept",
};
