import { readFileSync } from "node:fs";
import { defineConfig } from "vitepress";
import { anchorOf } from "../../tools/anchors.ts";

const generated = new URL("../generated/", import.meta.url);
const sidebar = JSON.parse(readFileSync(new URL("navigation.json", generated), "utf8"));
const home = readFileSync(new URL("public/README.md", generated), "utf8");
const [, description] = /^# Lutra\n\n(.+)$/m.exec(home);

/** Forbids everything from other origins, also for a page that is served from a disk. */
const policy =
  "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:";

export default defineConfig({
  title: "Lutra",
  description,
  srcDir: "generated",
  outDir: "dist",
  cacheDir: "node_modules/.cache/vitepress",
  srcExclude: ["public/**"],
  // Without an icon, browsers ask for /favicon.ico.
  head: [
    ["link", { rel: "icon", href: "data:," }],
    ["meta", { "http-equiv": "Content-Security-Policy", content: policy }],
  ],
  markdown: {
    anchor: { slugify: anchorOf },
    theme: { light: "github-light", dark: "github-dark" },
  },
  themeConfig: {
    nav: [
      { text: "Documentation", link: "/contents.html" },
      { text: "API", link: "/api/" },
      { text: "Changes", link: "/changelog.html" },
    ],
    sidebar,
    outline: [2, 3],
    search: { provider: "local" },
  },
});
