/** The view for people who build servers: what a server offers, and what it answers. */
import type { Catalogue } from "../../../server/explore/catalogue.ts";
import { hrefOf } from "../../router.ts";
import { PromptView } from "./entry/prompt-view.tsx";
import { ResourceDetail } from "./entry/resource-view.tsx";
import { TemplateView } from "./entry/template-view.tsx";
import { ToolView } from "./entry/tool-view.tsx";
import { catalogue, catalogueProblem, followServer } from "./explore-state.ts";
import { HistoryView } from "./history-view.tsx";
import { MessagesView } from "./messages-view.tsx";
import { ServerView } from "./server-view.tsx";
import { OpenQuestions, Sidebar } from "./sidebar.tsx";

export function ExploreView({ path }: { readonly path: readonly string[] }) {
  followServer();
  const [section = "", selected] = path;
  const isDetail = selected !== undefined || pages[section] !== undefined;
  return (
    <div class={isDetail ? "explore detail" : "explore"}>
      <Sidebar section={section} selected={selected} />
      <div class="main">
        {isDetail && (
          <a class="back" href={hrefOf(["explore", selected === undefined ? "tools" : section])}>
            ← Back
          </a>
        )}
        <div class="phone-only">
          <OpenQuestions />
        </div>
        <Detail section={section} selected={selected} />
      </div>
    </div>
  );
}

interface DetailProps {
  readonly section: string;
  readonly selected: string | undefined;
}

/** The pages that are not an entry of a list. */
const pages: { readonly [section: string]: (selected: string | undefined) => preact.JSX.Element } =
  {
    server: () => <ServerView />,
    history: (selected) => <HistoryView selected={selected} />,
    messages: () => <MessagesView />,
  };

/** The entries of the lists. */
const entries: {
  readonly [section: string]: (known: Catalogue, key: string) => preact.JSX.Element | undefined;
} = {
  tools: ({ tools }, key) => {
    const tool = tools.entries.find(({ name }) => name === key);
    return tool && <ToolView key={key} tool={tool} />;
  },
  resources: ({ resources }, key) => {
    const resource = resources.entries.find(({ uri }) => uri === key);
    return <ResourceDetail key={key} uri={key} resource={resource} />;
  },
  templates: ({ templates }, key) => {
    const template = templates.entries.find(({ uriTemplate }) => uriTemplate === key);
    return template && <TemplateView key={key} template={template} />;
  },
  prompts: ({ prompts }, key) => {
    const prompt = prompts.entries.find(({ name }) => name === key);
    return prompt && <PromptView key={key} prompt={prompt} />;
  },
};

function Detail({ section, selected }: DetailProps) {
  const page = pages[section];
  if (page !== undefined) return page(selected);
  const show = entries[section];
  if (selected === undefined || show === undefined) return <ServerView />;
  const known = catalogue.value;
  if (known === undefined) {
    return <p class="empty">{catalogueProblem.value ?? "Reading the lists of the server …"}</p>;
  }
  return show(known, selected) ?? <p class="empty">{`The server does not list ${selected}.`}</p>;
}
