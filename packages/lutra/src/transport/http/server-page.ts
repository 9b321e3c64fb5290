/** The page of an MCP endpoint for people: the offer of its server, and how to connect to it. */
import { discover } from "../../protocol/discover.ts";
import type { JSONObject } from "../../protocol/json.ts";
import { listTools } from "../../protocol/tools.ts";
import { latestVersion } from "../../protocol/versioning.ts";
import { createExample, curlCommand, shellQuoted } from "./example-request.ts";
import { type PageSection, renderPage } from "./node-page-document.ts";
import { type PageArgument, readArguments } from "./page-arguments.ts";
import { type HTMLValue, html, type Markup } from "./page-html.ts";
import type { NoOffer, Offer, OfferedList } from "./page-offer.ts";

export interface ServerPage {
  /** The URL of the endpoint. */
  readonly url: string;
  readonly offer: Offer | NoOffer;
}

/** Maximum lengths of texts, in characters. */
const max = { name: 300, description: 1000, instructions: 4000, type: 200, args: 30 };

/** Returns the text of the page. */
export function renderServerPage({ url, offer }: ServerPage): string {
  const info: JSONObject = typeof offer === "string" ? {} : offer.info;
  const { name, title, version, description } = info;
  return renderPage({
    kind: "MCP server",
    title: textOf(title, max.name) ?? textOf(name, max.name) ?? "MCP server",
    intro: [
      html`<p class="quiet small">${identityOf(name, version)}Model Context Protocol <span class="whole">${latestVersion}</span></p>`,
      paragraph(textOf(description, max.description), "lead text"),
    ],
    sections: [
      connectSection(url, offer),
      ...(typeof offer === "string" ? [noOffers[offer]] : offerSections(offer)),
    ],
  });
}

function identityOf(name: unknown, version: unknown): HTMLValue {
  const shown = textOf(name, max.name);
  return shown !== undefined && html`<code>${shown}</code> ${textOf(version, 100)} · `;
}

const noOffers: { readonly [reason in NoOffer]: PageSection } = {
  credentials: {
    id: "credentials",
    heading: "Credentials",
    body: html`<p>This server requires credentials. It shows what it offers to clients that send them.</p>`,
  },
  unavailable: {
    id: "offer",
    heading: "Offer",
    body: html`<p>The server does not tell at the moment what it offers. Reload the page later.</p>`,
  },
};

function connectSection(url: string, offer: Offer | NoOffer): PageSection {
  const hasTools = typeof offer === "string" || offer.lists.some(({ kind }) => kind === "tools");
  const method = hasTools ? listTools.name : discover.name;
  const authorization = offer === "credentials" ? "Bearer <token>" : undefined;
  const headers = authorization === undefined ? {} : { Authorization: authorization };
  return {
    id: "connect",
    heading: "Connect",
    body: html`<p>The endpoint is <code>${url}</code>. It answers requests that are sent with POST.</p>
<h3>curl</h3>
${code(curlCommand(url, createExample({ method, headers })))}
<h3>TypeScript</h3>
${code(clientCode(url, { hasTools, authorization }))}
<h3>MCP Inspector</h3>
${code(inspectorCommand(url, { method, authorization }))}`,
  };
}

interface CodeOptions {
  /** The value of the header, if the server requires credentials. */
  readonly authorization: string | undefined;
}

function clientCode(
  url: string,
  { hasTools, authorization }: CodeOptions & { readonly hasTools: boolean },
): string {
  const call = hasTools ? "await client.listTools()" : "await client.discover()";
  const options =
    authorization === undefined ? "" : `, {\n  headers: { authorization: "${authorization}" },\n}`;
  return `import { createClient } from "lutra/client";

const client = createClient(${JSON.stringify(url)}${options});
console.log(${call});
await client.close();`;
}

function inspectorCommand(
  url: string,
  { method, authorization }: CodeOptions & { readonly method: string },
): string {
  const target = `--transport http --server-url ${shellQuoted(url)}`;
  const header =
    authorization === undefined
      ? ""
      : ` \\\n  --header ${shellQuoted(`Authorization: ${authorization}`)}`;
  return `npx @modelcontextprotocol/inspector@latest --cli ${target} \\
  --protocol-era modern --method ${method}${header}`;
}

function offerSections({ lists, instructions }: Offer): readonly PageSection[] {
  const sections = lists.filter(({ count }) => count > 0).map(listSection);
  const text = textOf(instructions, max.instructions);
  if (text === undefined) return sections;
  const body = paragraph(text, "text");
  return [{ id: "instructions", heading: "Instructions for models", body }, ...sections];
}

const headings = {
  tools: "Tools",
  resources: "Resources",
  resourceTemplates: "Resource templates",
  prompts: "Prompts",
} as const;

function listSection({ kind, entries, count, isPartial }: OfferedList): PageSection {
  const total = isPartial ? `more than ${count}` : String(count);
  const isCut = isPartial || count > entries.length;
  return {
    id: kind,
    heading: headings[kind],
    count: total,
    body: [
      html`<ul class="entries">
${entries.map((entry) => renderEntry(entry))}</ul>`,
      isCut && html`<p class="quiet small">The first ${entries.length} of ${total}.</p>`,
    ],
  };
}

function renderEntry(entry: JSONObject): Markup {
  const key = textOf(entry.uri ?? entry.uriTemplate ?? entry.name, max.name) ?? "";
  const label = textOf(entry.title ?? entry.name, max.name);
  return html`<li>
<h3><code>${key}</code>${label !== undefined && label !== key && html` <span>${label}</span>`}</h3>
${paragraph(textOf(entry.description, max.description), "text")}${argumentsOf(entry)}</li>
`;
}

/** Returns a line about the arguments of a tool or prompt, or the type of a resource. */
function argumentsOf(entry: JSONObject): HTMLValue {
  const type = textOf(entry.mimeType, max.name);
  if (type !== undefined) return html`<p class="quiet small">Type: ${type}</p>`;
  const all = readArguments(entry);
  if (all.length === 0) return undefined;
  const shown = all
    .slice(0, max.args)
    .map((argument, index) => [
      index > 0 && ", ",
      html`<code>${textOf(argument.name, max.name)}</code>`,
      noteOn(argument),
    ]);
  const more = all.length > max.args && ` and ${all.length - max.args} more`;
  return html`<p class="quiet small">Arguments: ${shown}${more}</p>`;
}

function noteOn({ type, isRequired }: PageArgument): HTMLValue {
  const notes = [textOf(type, max.type), isRequired ? undefined : "optional"];
  const text = notes.filter((note) => note !== undefined).join(", ");
  return text !== "" && ` (${text})`;
}

function paragraph(text: string | undefined, classes: string): HTMLValue {
  return (
    text !== undefined &&
    html`<p class="${classes}">${text}</p>
`
  );
}

function code(text: string): Markup {
  return html`<pre><code>${text}</code></pre>`;
}

/** Returns a text that is not empty, cut to a maximum length. */
function textOf(value: unknown, maxLength: number): string | undefined {
  if (typeof value !== "string" || value.trim() === "") return undefined;
  return value.length <= maxLength ? value : `${value.slice(0, maxLength)}…`;
}
