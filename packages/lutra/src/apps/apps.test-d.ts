/** The types of apps and views; checked by `tsc -p tsconfig.test.json`. */
import { z } from "zod";
import { createServer } from "../server/create-server.ts";
import { defineTool } from "../server/tools.ts";
import { app } from "./server/app.ts";
import { appTool } from "./server/app-tool.ts";
import { createView } from "./view/create-view.ts";
import { viewTool } from "./view/view-tools.ts";
import type { ViewOf } from "./view/view-types.ts";

const resource = { html: "<!doctype html>" };

const map = app({
  tool: {
    name: "show_map",
    inputSchema: z.object({ q: z.string(), zoom: z.number().default(1) }),
    outputSchema: z.object({ places: z.array(z.string()) }),
    call: ({ q, zoom }) => ({ places: [q.repeat(zoom)] }),
  },
  fallback: ({ places }) => places.join(", "),
  resource,
});

app({ tool: { name: "plain", call: () => "text" }, resource });

app({
  tool: { name: "x", outputSchema: z.object({ n: z.number() }), call: () => ({ n: 1 }) },
  // @ts-expect-error the structured content has no such member
  fallback: ({ m }) => `${m}`,
  resource,
});

// @ts-expect-error a tool with structured content needs a text
app({
  tool: { name: "x", outputSchema: z.object({ n: z.number() }), call: () => ({ n: 1 }) },
  resource,
});

// @ts-expect-error the visibility of a tool is model or app
appTool({ tool: { name: "y", call: () => "ok" }, visibility: ["robot"] });

const move = defineTool({
  name: "move",
  inputSchema: z.object({ by: z.number() }),
  outputSchema: z.object({ at: z.number() }),
  call: ({ by }) => ({ at: by }),
});
const server = createServer({ name: "s", version: "1", tools: [map.tool, move] });

const view = createView<ViewOf<typeof map.tool, typeof server>>({
  name: "map",
  version: "1",
  onInput: ({ q, zoom }) => [q.length, zoom?.toFixed()],
  onPartialInput: ({ q }) => q?.length,
  onResult: ({ structuredContent }) => structuredContent?.places.join(),
});

view.callTool("move", { by: 1 }).then(({ structuredContent }) => structuredContent?.at.toFixed());
// @ts-expect-error the server has no such tool
view.callTool("fly", {});
// @ts-expect-error the tool has no such argument
view.callTool("move", { by: "far" });

// A view without types accepts any tool.
const untyped = createView({ name: "a", version: "1" });
untyped.callTool("anything", { at: "all" });

viewTool({
  name: "zoom",
  parse: ({ level }) => ({ level: Number(level) }),
  call: ({ level }) => level.toFixed(),
});
