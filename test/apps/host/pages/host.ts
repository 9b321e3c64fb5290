/** The program of the page that hosts apps. Tests call it through `window.host`. */
import {
  type AppElement,
  type AppElementOptions,
  type AppRecord,
  defineAppElement,
  showApps,
} from "lutra/apps/host";
import { createClient } from "lutra/client";
import { followTasks } from "lutra/tasks";

/** An event in the host. */
export interface HostEvent {
  readonly kind: string;
  readonly value: unknown;
}

type Opening = Partial<Omit<AppElementOptions, "client">> & {
  readonly server: string;
  readonly tool: string;
  /** The kinds of actions that the user declines. */
  readonly declined?: readonly string[];
  /** True to confirm links. */
  readonly confirms?: boolean;
  /** True to show it in a second element, beside the view of the first one. */
  readonly isSecond?: boolean;
};

defineAppElement();

const element = document.querySelector("mcp-app") as AppElement;
const events: HostEvent[] = [];
const records: AppRecord[] = [];
const add = (kind: string) => (value: unknown) => void events.push({ kind, value });
const sandbox = new URLSearchParams(location.search).get("sandbox") ?? "";

const host = {
  element,
  events,
  records,
  /** Opens an app of the server at a path of the host. */
  open: async (opening: Opening): Promise<void> => {
    const { server, declined = [], confirms = false, isSecond = false, ...options } = opening;
    const client = createClient(new URL(server, location.href).href, {
      extensions: [showApps(), followTasks()],
      onElicit: (params) => {
        add("elicit")(params.message);
        return { action: "accept", content: { answer: "yes" } };
      },
      onWarning: add("warning"),
    });
    const shown = isSecond ? document.createElement("mcp-app") : element;
    if (isSecond) element.after(shown);
    await shown.open({
      client,
      sandbox,
      confirm: (action) => {
        add("confirm")({ kind: action.kind });
        return !declined.includes(action.kind) && (confirms || action.kind !== "openLink");
      },
      onOpenLink: add("link"),
      onMessage: add("message"),
      onModelContext: add("context"),
      onSize: add("size"),
      onLog: add("log"),
      onCloseRequest: add("closeRequest"),
      onPolicy: add("policy"),
      onRecord: (record) => void records.push(structuredClone(record)),
      ...options,
    });
  },
  /** The messages that had no effect. */
  refusals: () => records.flatMap(({ refused }) => (refused === undefined ? [] : [refused])),
  ofKind: (kind: string) => events.filter((event) => event.kind === kind).map(({ value }) => value),
};

export type Host = typeof host;

Object.assign(window, { host });
