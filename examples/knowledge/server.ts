/**
 * A memory for a model: a knowledge graph for each caller. It has the tools of
 * `@modelcontextprotocol/server-memory`, which keeps its graph in a file of one process. Here the
 * graph is in the server's store, so that any replica answers any call:
 *
 *     npx lutra up examples/knowledge/server.ts --store sqlite:./memory.db
 */
import {
  createServer,
  defineResource,
  defineTool,
  ToolError,
  text,
  toolResult,
} from "lutra/server";
import { z } from "zod";
import { callerValue } from "../caller-value.ts";
import {
  around,
  emptyGraph,
  entitySchema,
  type Graph,
  graphSchema,
  mentions,
  relationSchema,
  withEntities,
  withObservations,
  withoutEntities,
  withoutObservations,
  withoutRelations,
  withRelations,
} from "./graph.ts";

const graphUri = "memory://knowledge-graph";
/** Maximum size of a graph as JSON, in characters. */
const maxGraphLength = 4_000_000;

const graphs = callerValue<Graph>({ kind: "knowledge-graph", initial: emptyGraph });

type Context = Parameters<typeof graphs.read>[0];

/** Replaces the caller's graph, and tells the subscribers of the resource. */
async function change<Result>(
  context: Context,
  apply: (graph: Graph) => { readonly graph: Graph; readonly result: Result },
): Promise<Result> {
  const result = await graphs.update(context, (before) => {
    const { graph, result } = apply(before);
    const isTooLarge = JSON.stringify(graph).length > maxGraphLength;
    if (isTooLarge) throw new ToolError(`The graph is full: ${maxGraphLength} characters of JSON`);
    return { value: graph, result };
  });
  server.resourceUpdated(graphUri);
  return result;
}

/** Returns structured content with a text of its own. */
function answer<Structured>(structuredContent: Structured, shown: unknown = structuredContent) {
  const content = [text(typeof shown === "string" ? shown : JSON.stringify(shown, null, 2))];
  return toolResult({ content, structuredContent });
}

const adds = { readOnlyHint: false, destructiveHint: false, idempotentHint: false } as const;
const removes = { readOnlyHint: false, destructiveHint: true, idempotentHint: true } as const;
const reads = { readOnlyHint: true, destructiveHint: false, idempotentHint: true } as const;
const removedSchema = z.object({ success: z.boolean(), message: z.string() });

const createEntities = defineTool({
  name: "create_entities",
  description: "Adds entities to the graph. Those whose names exist are left out",
  annotations: adds,
  inputSchema: z.object({ entities: z.array(entitySchema) }),
  outputSchema: z.object({ entities: z.array(entitySchema) }),
  call: async ({ entities }, context) => {
    const added = await change(context, (graph) => {
      const { graph: next, added } = withEntities(graph, entities);
      return { graph: next, result: [...added] };
    });
    return answer({ entities: added }, added);
  },
});

const createRelations = defineTool({
  name: "create_relations",
  description: "Adds relations between entities. Those that exist are left out",
  annotations: adds,
  inputSchema: z.object({ relations: z.array(relationSchema) }),
  outputSchema: z.object({ relations: z.array(relationSchema) }),
  call: async ({ relations }, context) => {
    const added = await change(context, (graph) => {
      const { graph: next, added } = withRelations(graph, relations);
      return { graph: next, result: [...added] };
    });
    return answer({ relations: added }, added);
  },
});

const addObservations = defineTool({
  name: "add_observations",
  description: "Adds facts to entities. Facts that an entity has are left out",
  annotations: adds,
  inputSchema: z.object({
    observations: z.array(z.object({ entityName: z.string(), contents: z.array(z.string()) })),
  }),
  outputSchema: z.object({
    results: z.array(z.object({ entityName: z.string(), addedObservations: z.array(z.string()) })),
  }),
  call: async ({ observations }, context) => {
    const results = await change(context, (before) => {
      let graph = before;
      const result = observations.map(({ entityName, contents }) => {
        const { graph: next, added } = observed(graph, entityName, contents);
        graph = next;
        return { entityName, addedObservations: [...added] };
      });
      return { graph, result };
    });
    return answer({ results }, results);
  },
});

function observed(graph: Graph, name: string, contents: readonly string[]) {
  try {
    return withObservations(graph, name, contents);
  } catch (error) {
    throw error instanceof RangeError ? new ToolError(error.message) : error;
  }
}

const deleteEntities = defineTool({
  name: "delete_entities",
  description: "Removes entities, and all relations from and to them",
  annotations: removes,
  inputSchema: z.object({ entityNames: z.array(z.string()) }),
  outputSchema: removedSchema,
  call: ({ entityNames }, context) =>
    remove(context, "Entities", (graph) => withoutEntities(graph, entityNames)),
});

const deleteObservations = defineTool({
  name: "delete_observations",
  description: "Removes facts from entities",
  annotations: removes,
  inputSchema: z.object({
    deletions: z.array(z.object({ entityName: z.string(), observations: z.array(z.string()) })),
  }),
  outputSchema: removedSchema,
  call: ({ deletions }, context) =>
    remove(context, "Observations", (graph) =>
      deletions.reduce(
        (left, { entityName, observations }) => withoutObservations(left, entityName, observations),
        graph,
      ),
    ),
});

const deleteRelations = defineTool({
  name: "delete_relations",
  description: "Removes relations",
  annotations: removes,
  inputSchema: z.object({ relations: z.array(relationSchema) }),
  outputSchema: removedSchema,
  call: ({ relations }, context) =>
    remove(context, "Relations", (graph) => withoutRelations(graph, relations)),
});

async function remove(context: Context, removed: string, apply: (graph: Graph) => Graph) {
  await change(context, (graph) => ({ graph: apply(graph), result: undefined }));
  const message = `${removed} deleted successfully`;
  return answer({ success: true, message }, message);
}

const readGraph = defineTool({
  name: "read_graph",
  description: "Returns the whole graph",
  annotations: reads,
  outputSchema: graphSchema,
  call: async (_arguments, context) => answer(await graphs.read(context)),
});

const searchNodes = defineTool({
  name: "search_nodes",
  description: "Returns the entities that mention a text, with their relations",
  annotations: reads,
  inputSchema: z.object({ query: z.string() }),
  outputSchema: graphSchema,
  call: async ({ query }, context) => {
    const graph = await graphs.read(context);
    return answer(around(graph, (entity) => mentions(entity, query)));
  },
});

const openNodes = defineTool({
  name: "open_nodes",
  description: "Returns the entities with the given names, with their relations",
  annotations: reads,
  inputSchema: z.object({ names: z.array(z.string()) }),
  outputSchema: graphSchema,
  call: async ({ names }, context) => {
    const graph = await graphs.read(context);
    return answer(around(graph, ({ name }) => names.includes(name)));
  },
});

const graphResource = defineResource({
  uri: graphUri,
  name: "knowledge-graph",
  description: "The whole graph of the caller",
  mimeType: "application/json",
  read: async (_uri, context) => JSON.stringify(await graphs.read(context), null, 2),
});

const server = createServer({
  name: "memory-server",
  version: "1.0.0",
  tools: [
    createEntities,
    createRelations,
    addObservations,
    deleteEntities,
    deleteObservations,
    deleteRelations,
    readGraph,
    searchNodes,
    openNodes,
  ],
  resources: [graphResource],
});

export default server;
