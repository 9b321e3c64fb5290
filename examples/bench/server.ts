/** The server of the bench: `add` and 20 tools with schemas of realistic size. */
import { createServer, defineTool } from "lutra/server";
import { addition, answerOf, otherTools } from "./specifications.ts";

const add = defineTool({ ...addition, call: ({ a, b }) => String(a + b) });

const others = otherTools(20).map((specification) =>
  defineTool({ ...specification, call: (args) => answerOf(specification.name, args) }),
);

export default createServer({ name: "bench", version: "1.0.0", tools: [add, ...others] });
