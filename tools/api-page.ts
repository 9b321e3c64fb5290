/** Writes the section of one export: its signature, docstring and members. */
import type { Declaration, DeclarationFile, Exported } from "./api-exports.ts";

/** A member of an interface or a class. */
interface Member {
  readonly start: number;
  readonly end: number;
  readonly accessibility?: string | null | undefined;
  readonly key?: { readonly type: string } | null | undefined;
}

interface Docs {
  /** The text before the first tag, with one line for each paragraph or list item. */
  readonly text: string;
  readonly tags: readonly { readonly name: string; readonly text: string }[];
}

const noDocs: Docs = { text: "", tags: [] };

/** The order of the sections of a page: values before types. */
export function isValue({ declarations: [first] }: Exported): boolean {
  return first?.type !== "TSInterfaceDeclaration" && first?.type !== "TSTypeAliasDeclaration";
}

/** Returns the section of an export. */
export function sectionOf({ name, file, declarations }: Exported): string {
  const docs = declarations.map(({ start }) => docsBefore(file, start));
  const [first] = declarations;
  const code = declarations.map((node) => signatureOf(file, node)).join("\n");
  const { text, tags } = docs.find((each) => each.text !== "" || each.tags.length > 0) ?? noDocs;
  const parts = [
    `## \`${name}\``,
    text,
    `\`\`\`ts\n${code}\n\`\`\``,
    ...tagsOf(tags),
    first === undefined ? "" : membersOf(file, first),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function signatureOf(file: DeclarationFile, node: Declaration): string {
  const isList = node.type === "TSInterfaceDeclaration" || node.type === "ClassDeclaration";
  const isListed = isList && rowsOf(file, node).length > 0;
  const end = isListed ? node.body.start : node.end;
  const text = withoutComments(file, node.start, end).replace(/^(?:export )?(?:declare )?/, "");
  return isListed ? `${text.trim()} { ... }` : text.trim();
}

/** Cuts comments out of a part of the source, with the lines that they leave blank. */
function withoutComments({ source, comments }: DeclarationFile, start: number, end: number) {
  let text = "";
  let at = start;
  for (const comment of comments) {
    if (comment.start < at || comment.end > end) continue;
    text += source.slice(at, comment.start);
    at = comment.end;
  }
  return `${text}${source.slice(at, end)}`.replace(/\n(?:[ \t]*\n)+/g, "\n");
}

/** The docstring that ends right before an offset, apart from keywords and blanks. */
function docsBefore({ source, comments }: DeclarationFile, start: number): Docs {
  const comment = comments.findLast(
    ({ end, value }) =>
      value.startsWith("*") && end <= start && /^\s*(?:export\s*)?$/.test(source.slice(end, start)),
  );
  if (comment === undefined) return noDocs;
  const lines = comment.value.split("\n").map((line) => line.replace(/^\s*\*+ ?/, "").trimEnd());
  const [text = "", ...rest] = lines.join("\n").split(/(?:^|(?<=\s))@(?=[a-z]+\b)/);
  const tags = rest.map((tag) => {
    const [, name = "", body = ""] = /^([a-z]+)\s*([\s\S]*)$/.exec(tag) ?? [];
    return { name, text: body.trim() };
  });
  return { text: text.trim(), tags };
}

function tagsOf(tags: Docs["tags"]): string[] {
  const flat = (text: string) => text.replace(/\s*\n\s*/g, " ");
  return tags.flatMap(({ name, text }) => {
    if (name === "throws") return [`Throws ${flat(text).replace(/^\{(\w+)\}/, "`$1`")}.`];
    if (name === "deprecated") return [`Deprecated. ${flat(text)}`];
    if (name === "default") return [`Default: ${flat(text)}.`];
    if (name === "example") return [`Example:\n\n${fenced(text)}`];
    if (name === "param") return [`\`${text.split(" ")[0]}\`: ${flat(text).replace(/^\S+ /, "")}.`];
    return [];
  });
}

function fenced(text: string): string {
  return text.startsWith("```") ? text : `\`\`\`ts\n${text}\n\`\`\``;
}

function membersOf(file: DeclarationFile, node: Declaration): string {
  const rows = rowsOf(file, node);
  if (rows.length === 0) return "";
  const hasDefaults = rows.some(({ byDefault }) => byDefault !== "");
  const lineOf = ({ member, byDefault, meaning }: Row) =>
    `| ${(hasDefaults ? [member, byDefault, meaning] : [member, meaning]).join(" | ")} |`;
  const rule = { member: "---", byDefault: "---", meaning: "---" };
  const title = { member: "Member", byDefault: "Default", meaning: "Meaning" };
  return [title, rule, ...rows].map(lineOf).join("\n");
}

interface Row {
  readonly member: string;
  readonly byDefault: string;
  readonly meaning: string;
}

function rowsOf(file: DeclarationFile, node: Declaration): Row[] {
  if (node.type !== "TSInterfaceDeclaration" && node.type !== "ClassDeclaration") return [];
  const members: readonly Member[] = node.body.body;
  return members.filter(isPublic).map((member) => {
    const { text, tags } = docsBefore(file, member.start);
    const byDefault = tags.find(({ name }) => name === "default")?.text ?? "";
    const others = tagsOf(tags.filter(({ name }) => name !== "default" && name !== "example"));
    const type = withoutComments(file, member.start, member.end).replace(/;$/, "");
    return {
      member: cell(`\`${flat(type.replace(/^readonly /, ""))}\``),
      byDefault: cell(byDefault),
      meaning: cell([text, ...others].join(" ")),
    };
  });
}

function isPublic({ accessibility, key }: Member): boolean {
  return accessibility !== "private" && key?.type !== "PrivateIdentifier";
}

function cell(text: string): string {
  return flat(text).replaceAll("|", "\\|");
}

function flat(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
