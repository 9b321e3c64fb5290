/** The outcome of a call. */
import type { CallToolResult, GetPromptResult, ReadResourceResult } from "lutra/protocol";
import { Badge } from "../../../components/badge.tsx";
import { JsonView } from "../../../components/json-view.tsx";
import { output, type RunDetails } from "../explore-state.ts";
import { ContentView, ResourceView } from "./content-view.tsx";
import { StructuredView } from "./structured-view.tsx";

export function ResultView({ run }: { readonly run: RunDetails }) {
  const { result, error, kind, state } = run;
  if (state === "cancelled" && error?.reason === "aborted") {
    return <p class="dim">You have cancelled the call.</p>;
  }
  if (error !== undefined) {
    return (
      <div class="notice bad">
        <div class="row">
          {error.code !== undefined && <Badge tone="bad">{String(error.code)}</Badge>}
          {error.reason !== undefined && <Badge tone="bad">{error.reason}</Badge>}
        </div>
        <p>{error.message}</p>
        {error.data !== undefined && <JsonView value={error.data} />}
        {error.isInternal && <LastOutput />}
      </div>
    );
  }
  if (result === undefined) return <p class="dim">No result yet.</p>;
  if (kind === "prompt") return <Messages result={result as GetPromptResult} />;
  if (kind === "resource") return <Contents result={result as ReadResourceResult} />;
  return <ToolResult result={result as CallToolResult} />;
}

/** Number of lines of output that are shown beside an error. */
const shownLines = 8;

/** The last output of the server, which may contain the reason of an internal error. */
function LastOutput() {
  const lines = output.value.slice(-shownLines);
  if (lines.length === 0) return null;
  return (
    <>
      <p class="small">The last output of the server:</p>
      <pre class="code">{lines.join("\n")}</pre>
    </>
  );
}

function ToolResult({ result }: { readonly result: CallToolResult }) {
  const { content, structuredContent, isError } = result;
  const blocks =
    structuredContent === undefined ? content : withoutCopy(content, structuredContent);
  return (
    <div class="stack">
      {isError && <p class="notice bad">The tool reports an error.</p>}
      {structuredContent !== undefined && <StructuredView value={structuredContent} />}
      {blocks.map((block, index) => (
        <ContentView key={index} block={block} />
      ))}
      {blocks.length === 0 && structuredContent === undefined && (
        <p class="dim">The result has no content.</p>
      )}
    </div>
  );
}

/** Leaves out a text that only repeats the structured content, as the specification asks servers to. */
function withoutCopy(content: CallToolResult["content"], structured: unknown) {
  const copy = JSON.stringify(structured);
  return content.filter((block) => {
    if (block.type !== "text") return true;
    try {
      return JSON.stringify(JSON.parse(block.text)) !== copy;
    } catch {
      return true;
    }
  });
}

function Messages({ result }: { readonly result: GetPromptResult }) {
  return (
    <div class="stack">
      {result.description !== undefined && <p class="dim">{result.description}</p>}
      {result.messages.map(({ role, content }, index) => (
        <section key={index} class={`message ${role}`} aria-label={`Message of the ${role}`}>
          <Badge tone={role === "user" ? "info" : "good"}>{role}</Badge>
          <ContentView block={content} />
        </section>
      ))}
    </div>
  );
}

function Contents({ result }: { readonly result: ReadResourceResult }) {
  if (result.contents.length === 0) return <p class="dim">The resource has no contents.</p>;
  return (
    <div class="stack">
      {result.contents.map((contents) => (
        <ResourceView key={contents.uri} contents={contents} />
      ))}
    </div>
  );
}
