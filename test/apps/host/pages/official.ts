/** A view that uses the official `App` class. Its document shows what it receives. */
import { App } from "@modelcontextprotocol/ext-apps";

const app = new App(
  { name: "official-view", version: "1.0.0" },
  { availableDisplayModes: ["inline", "fullscreen"], tools: {} },
);

const list = document.querySelector("ol") as HTMLElement;

function show(name: string, value: unknown): void {
  const item = document.createElement("li");
  item.textContent = `${name} ${JSON.stringify(value)}`;
  list.append(item);
}

app.ontoolinputpartial = ({ arguments: args }) => show("partial", args);
app.ontoolinput = ({ arguments: args }) => show("input", args);
app.ontoolresult = (result) => show("result", result.structuredContent ?? result.content);
app.ontoolcancelled = ({ reason }) => show("cancelled", reason);
app.onhostcontextchanged = (context) => show("context", Object.keys(context).sort());
app.onteardown = async () => {
  document.title = "closing";
  return {};
};

/** Runs an action on a click, and shows its outcome. */
function action(name: string, run: () => Promise<unknown>): void {
  const button = document.createElement("button");
  button.textContent = name;
  button.onclick = async () => {
    try {
      show(name, await run());
    } catch (error) {
      show(`${name} failed`, error instanceof Error ? error.message : String(error));
    }
  };
  document.body.append(button);
}

action("call", () => app.callServerTool({ name: "add", arguments: { a: 2, b: 3 } }));
action("progress", () =>
  app.callServerTool(
    { name: "count", arguments: {} },
    { onprogress: ({ progress, total }) => show("progressed", [progress, total]) },
  ),
);
action("ask", () => app.callServerTool({ name: "ask", arguments: {} }));
action("task", () => app.callServerTool({ name: "work", arguments: {} }));
action("model", () => app.callServerTool({ name: "model_only", arguments: {} }));
action("other", () => app.callServerTool({ name: "other_server", arguments: {} }));
action("read", () => app.readServerResource({ uri: "note://one" }));
action("link", () => app.openLink({ url: "https://example.com/page" }));
action("message", () => app.sendMessage({ role: "user", content: [{ type: "text", text: "hi" }] }));
action("update", () => app.updateModelContext({ structuredContent: { zoom: 3 } }));
action("mode", () => app.requestDisplayMode({ mode: "fullscreen" }));
action("pip", () => app.requestDisplayMode({ mode: "pip" }));
action("log", async () => app.sendLog({ level: "info", data: "written" }));

app.registerTool("paint", { description: "Paints the view" }, async () => ({
  content: [{ type: "text", text: "painted" }],
}));

await app.connect();
show("connected", {
  host: app.getHostVersion()?.name,
  theme: app.getHostContext()?.theme,
  tool: app.getHostContext()?.toolInfo?.tool.name,
  capabilities: Object.keys(app.getHostCapabilities() ?? {}).sort(),
});
