/**
 * Writes the pages of the documentation site to site/generated, with its navigation:
 *
 *     node --import tsx tools/site.ts
 *
 * The site also contains the documents as they are, under their paths in the repository, and llms.txt,
 * which names them.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { homeText } from "./site-home.ts";
import { navigationOf } from "./site-navigation.ts";
import { indexPath, sitePages, siteText } from "./site-pages.ts";

const folder = "site/generated";

function main(): void {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const text = (path: string) => readFileSync(join(root, path), "utf8");
  const read = (path: string) => {
    const isDocument = path.endsWith(".md") && existsSync(join(root, path));
    return isDocument && statSync(join(root, path)).isFile() ? text(path) : undefined;
  };
  const filesUrl = `${repositoryUrl(text("packages/lutra/package.json"))}/blob/main`;
  const pages = sitePages({ read, filesUrl });
  const home = homeText({
    readme: text("README.md"),
    create: text("packages/create-lutra/README.md"),
    index: text(indexPath),
    indexPath,
  });
  const isPage = (source: string) => pages.some((page) => page.source === source);

  rmSync(join(root, folder), { recursive: true, force: true });
  write(root, "index.md", siteText("index.md", "index.md", home, { isPage, filesUrl }));
  for (const page of pages) {
    write(root, page.path, page.text);
    write(root, `public/${page.source}`, text(page.source));
  }
  write(root, "public/llms.txt", text("llms.txt"));
  write(root, "navigation.json", JSON.stringify(navigationOf(text(indexPath), pages)));
  console.log(`${pages.length + 1} pages`);
}

/** The page of the repository, from the field `repository` of package.json. */
function repositoryUrl(packageJson: string): string {
  const { url } = JSON.parse(packageJson).repository;
  return url.replace(/^git\+|\.git$/g, "");
}

function write(root: string, path: string, text: string): void {
  const file = join(root, folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main();
