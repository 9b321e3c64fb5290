/** The depth of brackets in a source, which the parser does not limit. */

/** Texts in which brackets do not count: strings, templates and comments. */
const texts = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\/.*|\/\*[\s\S]*?\*\//g;

/** Returns about the depth of the deepest brackets. */
export function nestingOf(source: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [bracket] of source.replace(texts, "").matchAll(/[()[\]{}]/g)) {
    depth += "([{".includes(bracket) ? 1 : -1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}
