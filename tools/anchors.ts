/** Headings of Markdown documents, and their anchors as GitHub makes them. */

/** Returns the anchor of a heading, without the number that distinguishes equal ones. */
export function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");
}

/** Returns the anchors of all headings. */
export function anchorsOf(text: string): Set<string> {
  const found = new Set<string>();
  const seen = new Map<string, number>();
  for (const title of headingsOf(text)) {
    const anchor = anchorOf(title);
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    found.add(count === 0 ? anchor : `${anchor}-${count}`);
  }
  return found;
}

/** Returns the text of the first heading, without the marks of code. */
export function titleOf(text: string): string | undefined {
  return headingsOf(text)[0]?.replaceAll("`", "");
}

/** Returns the text with spaces in place of fenced code, so that all positions stay as they are. */
export function withoutFences(text: string): string {
  return text.replace(/^(`{3,})[\s\S]*?^\1\s*$/gm, (code) => code.replace(/[^\n]/g, " "));
}

function headingsOf(text: string): string[] {
  const headings = withoutFences(text).matchAll(/^#{1,6}\s+(.+?)\s*$/gm);
  return [...headings].map(([, title = ""]) => title);
}
