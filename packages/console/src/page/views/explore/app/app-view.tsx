/** The app of a tool: the page of its server in a sandbox, with the messages that it sends. */
import { type AppRecord, defineAppElement } from "lutra/apps/host";
import type { CallToolResult } from "lutra/protocol";
import { useEffect, useRef, useState } from "preact/hooks";
import { shownTheme } from "../../../components/theme-button.tsx";
import type { RunDetails } from "../explore-state.ts";
import { createAppClient } from "./app-client.ts";
import { AppMessages } from "./app-messages.tsx";

export interface AppProps {
  /** A call with a result. */
  readonly run: RunDetails;
  /** The origin of the sandbox. */
  readonly sandbox: string;
}

/** A link that the app asks to open. */
interface AskedLink {
  readonly url: string;
  readonly settle: (isAllowed: boolean) => void;
}

/** Maximum number of messages of an app that are kept. */
const maxRecords = 200;

export function AppView({ run, sandbox }: AppProps) {
  const place = useRef<HTMLDivElement>(null);
  const [problem, setProblem] = useState("");
  const [records, setRecords] = useState<readonly AppRecord[]>([]);
  const [link, setLink] = useState<AskedLink>();
  const theme = shownTheme.value;
  useEffect(() => {
    const onRecord = (record: AppRecord) =>
      setRecords((known) => [...known.slice(1 - maxRecords), record]);
    const askLink = (url: string) =>
      new Promise<boolean>((resolve) => {
        const settle = (isAllowed: boolean) => {
          setLink(undefined);
          resolve(isAllowed);
        };
        setLink({ url, settle });
      });
    return openApp({ place: place.current, run, sandbox, onRecord, askLink, setProblem });
  }, [run.id]);
  useEffect(() => {
    place.current?.querySelector("mcp-app")?.bridge?.setContext({ theme });
  }, [theme]);
  return (
    <div class="stack app">
      {problem !== "" && (
        <p class="notice bad" role="alert">
          {problem}
        </p>
      )}
      {link !== undefined && <LinkQuestion link={link} />}
      <div ref={place} />
      <AppMessages records={records} />
    </div>
  );
}

interface Opening extends AppProps {
  readonly place: HTMLElement | null;
  readonly onRecord: (record: AppRecord) => void;
  readonly askLink: (url: string) => Promise<boolean>;
  readonly setProblem: (problem: string) => void;
}

/** Shows the app in a place of the page. Returns a function that removes it. */
function openApp({ place, run, sandbox, onRecord, askLink, setProblem }: Opening): () => void {
  defineAppElement();
  const app = document.createElement("mcp-app");
  place?.append(app);
  app
    .open({
      client: createAppClient(run.id),
      sandbox,
      tool: run.name,
      arguments: run.args,
      result: run.result as CallToolResult,
      context: { theme: shownTheme.value },
      confirm: (action) => (action.kind === "openLink" ? askLink(action.url) : true),
      // The button that allows a link opens it, since browsers expect a click.
      onOpenLink: () => {},
      // Both are offered to the app, and shown among its messages.
      onMessage: () => {},
      onModelContext: () => {},
      onRecord,
    })
    .catch((error: Error) => setProblem(error.message));
  return () => {
    void app.close("the user has left");
    app.remove();
  };
}

function LinkQuestion({ link: { url, settle } }: { readonly link: AskedLink }) {
  const open = () => {
    window.open(url, "_blank", "noopener,noreferrer");
    settle(true);
  };
  return (
    <section class="question" aria-label="Question of the app">
      <p class="asked">
        The app asks to open a page of <strong>{new URL(url).host}</strong>:
      </p>
      <pre class="code">{url}</pre>
      <div class="row">
        <button type="button" class="primary" onClick={open}>
          Open the page
        </button>
        <button type="button" onClick={() => settle(false)}>
          Decline
        </button>
      </div>
    </section>
  );
}
