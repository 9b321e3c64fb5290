/**
 * Renders Markdown. The text becomes elements of the page and never HTML, so it can't run scripts or
 * load images from elsewhere.
 */
import { lexer, type Token, type Tokens } from "marked";
import type { ComponentChildren } from "preact";

/** Maximum length of a text that is rendered, in characters. Longer ones are shown as they are. */
const maxLength = 100_000;

export function Markdown({ text }: { readonly text: string }) {
  if (text.length > maxLength) return <pre class="plain">{text}</pre>;
  return <div class="markdown">{rendered(lexer(text))}</div>;
}

function rendered(tokens: readonly Token[] = []): ComponentChildren[] {
  return tokens.map((token, index) => <MarkdownToken key={index} token={token} />);
}

function MarkdownToken({ token }: { readonly token: Token }) {
  const element = elements[token.type];
  return <>{element === undefined ? token.raw : element(token as never)}</>;
}

type Rendering = (token: never) => ComponentChildren;

const elements: { readonly [type: string]: Rendering } = {
  space: () => null,
  paragraph: ({ tokens }: Tokens.Paragraph) => <p>{rendered(tokens)}</p>,
  text: ({ tokens, text }: Tokens.Text) =>
    tokens === undefined ? decoded(text) : rendered(tokens),
  escape: ({ text }: Tokens.Escape) => decoded(text),
  // Headings are below those of the page.
  heading: ({ depth, tokens }: Tokens.Heading) =>
    depth <= 2 ? (
      <p class="heading large">{rendered(tokens)}</p>
    ) : (
      <p class="heading">{rendered(tokens)}</p>
    ),
  strong: ({ tokens }: Tokens.Strong) => <strong>{rendered(tokens)}</strong>,
  em: ({ tokens }: Tokens.Em) => <em>{rendered(tokens)}</em>,
  del: ({ tokens }: Tokens.Del) => <del>{rendered(tokens)}</del>,
  codespan: ({ text }: Tokens.Codespan) => <code>{text}</code>,
  code: ({ text }: Tokens.Code) => <pre class="code">{text}</pre>,
  br: () => <br />,
  hr: () => <hr />,
  blockquote: ({ tokens }: Tokens.Blockquote) => <blockquote>{rendered(tokens)}</blockquote>,
  link: ({ href, tokens }: Tokens.Link) => <SafeLink href={href}>{rendered(tokens)}</SafeLink>,
  // Images are not loaded, because that would be a request to another server.
  image: ({ href, text }: Tokens.Image) => (
    <SafeLink href={href}>{`[${text || "image"}]`}</SafeLink>
  ),
  list: ({ ordered, start, items }: Tokens.List) =>
    ordered ? <ol start={Number(start) || 1}>{items.map(item)}</ol> : <ul>{items.map(item)}</ul>,
  table: ({ header, rows }: Tokens.Table) => (
    <div class="scroll">
      <table>
        <thead>
          <tr>{header.map((cell) => cellOf(cell, true))}</tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.map(({ text }) => text).join()}>
              {row.map((cell) => cellOf(cell, false))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  ),
};

function item({ tokens, task, checked }: Tokens.ListItem, index: number) {
  return (
    <li key={index}>
      {task && (checked ? "☑ " : "☐ ")}
      {rendered(tokens.filter(({ type }) => type !== "checkbox"))}
    </li>
  );
}

function cellOf({ tokens, text }: Tokens.TableCell, isHeader: boolean) {
  const content = rendered(tokens);
  return isHeader ? (
    <th key={text} scope="col">
      {content}
    </th>
  ) : (
    <td key={text}>{content}</td>
  );
}

interface LinkProps {
  readonly href: string;
  readonly children: ComponentChildren;
}

/** A link for the schemes of the web. Others could run code or start programs. */
function SafeLink({ href, children }: LinkProps) {
  if (!/^https?:\/\//i.test(href)) return <span>{children}</span>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer" title={href}>
      {children}
    </a>
  );
}

const entities: { readonly [name: string]: string } = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  "#39": "'",
};

/** Replaces the entities that the lexer writes. */
function decoded(text: string): string {
  return text.replace(
    /&(amp|lt|gt|quot|#39);/g,
    (entity, name: string) => entities[name] ?? entity,
  );
}
