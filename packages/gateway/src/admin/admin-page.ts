/** The page of the admin listener for people. */
import { html, type PageSection, renderPage } from "lutra/internal";
import { version } from "../own-version.ts";
import type { UpstreamStatus } from "../upstreams/upstream.ts";
import type { Readiness } from "./readiness.ts";

export interface AboutGateway {
  /** The name in the configuration. */
  readonly name: string;
  /** The URL of the MCP endpoint. */
  readonly url: string;
}

export interface AdminPage extends AboutGateway {
  /** The paths of the listener with their descriptions. */
  readonly paths: readonly (readonly [path: string, description: string])[];
  readonly upstreams: readonly UpstreamStatus[];
  readonly readiness: Readiness;
}

/** Maximum number of upstreams that the page shows. */
const maxShown = 100;

/** Returns the text of the page. */
export function renderAdminPage({ name, url, paths, upstreams, readiness }: AdminPage): string {
  const { isReady, problem } = readiness;
  const state = [isReady ? "Ready" : "Not ready", problem].filter(Boolean).join(": ");
  return renderPage({
    kind: "Lutra gateway, for operators",
    title: name,
    intro: html`<p class="quiet small">Version ${version} · clients connect to <code>${url}</code></p>
<p class="lead text">${state}</p>`,
    sections: [pathSection(paths), upstreamSection(upstreams)],
  });
}

function pathSection(paths: AdminPage["paths"]): PageSection {
  return {
    id: "paths",
    heading: "Paths",
    body: html`<dl>
${paths.map(
  ([path, description]) => html`<dt><a href="${path}">${path}</a></dt><dd>${description}</dd>
`,
)}</dl>`,
  };
}

function upstreamSection(upstreams: readonly UpstreamStatus[]): PageSection {
  const isCut = upstreams.length > maxShown;
  return {
    id: "upstreams",
    heading: "Upstreams",
    count: String(upstreams.length),
    body: html`<div class="wide"><table>
<thead><tr><th scope="col">Name</th><th scope="col">Kind</th><th scope="col">Replicas</th><th scope="col">In flight</th><th scope="col">Waiting</th></tr></thead>
<tbody>
${upstreams.slice(0, maxShown).map(rowOf)}</tbody>
</table></div>
${isCut && html`<p class="quiet small">The first ${maxShown} of ${upstreams.length}.</p>`}`,
  };
}

function rowOf({ name, kind, replicas, inFlight, queued }: UpstreamStatus) {
  const states = new Map<string, number>();
  for (const { state } of replicas) states.set(state, (states.get(state) ?? 0) + 1);
  const text = [...states].map(([state, count]) => `${count} ${state}`).join(", ") || "none";
  return html`<tr><th scope="row"><code>${name}</code></th><td>${kind}</td><td>${text}</td><td>${inFlight}</td><td>${queued}</td></tr>
`;
}
