/**
 * The server of the end-to-end scenarios: each feature once, in the plainest form that shows it.
 * Answers contain everything that a scenario checks, so any replica can give them.
 */
import type { Server } from "lutra/server";
import { createServer } from "lutra/server";
import { changeTools } from "./fixture/changes.ts";
import { inputTools } from "./fixture/inputs.ts";
import { prompts } from "./fixture/prompts.ts";
import { resources, resourceTemplates } from "./fixture/resources.ts";
import { tools } from "./fixture/tools.ts";

/** Creates a server, for runners that keep it in their process. */
export function createFixture(): Server {
  const server: Server = createServer({
    name: "fixture",
    version: "1.2.3",
    title: "Fixture – Vorrichtung – 治具",
    instructions: "Ask for anything.",
    // Small, so that every list has several pages.
    pageSize: 4,
    logging: true,
    tools: [...tools, ...inputTools, ...changeTools(() => server)],
    resources,
    resourceTemplates,
    prompts,
    // The scenarios check that failures are masked. The masked causes are not printed.
    onError: () => {},
  });
  return server;
}

// biome-ignore lint/style/noDefaultExport: `lutra serve` and `lutra up` take the default export
export default createFixture();
