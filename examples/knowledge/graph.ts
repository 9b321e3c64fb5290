/** A knowledge graph as a value: each change returns a new graph. */
import { z } from "zod";

export const entitySchema = z.object({
  name: z.string().describe("Name of the entity, by which relations refer to it"),
  entityType: z.string().describe("Kind of the entity, such as person"),
  observations: z.array(z.string()).describe("Facts about the entity"),
});

export const relationSchema = z.object({
  from: z.string().describe("Name of the first entity"),
  to: z.string().describe("Name of the second entity"),
  relationType: z.string().describe("Verb between the two, in active voice"),
});

export const graphSchema = z.object({
  entities: z.array(entitySchema),
  relations: z.array(relationSchema),
});

export type Entity = z.infer<typeof entitySchema>;
export type Relation = z.infer<typeof relationSchema>;
export type Graph = z.infer<typeof graphSchema>;

export const emptyGraph: Graph = { entities: [], relations: [] };

/** A new graph and what was added to it. */
export interface Added<Item> {
  readonly graph: Graph;
  readonly added: readonly Item[];
}

/** Adds entities whose names are new. */
export function withEntities(graph: Graph, entities: readonly Entity[]): Added<Entity> {
  const known = new Set(graph.entities.map(({ name }) => name));
  const added = entities.filter(({ name }) => !known.has(name));
  return { graph: { ...graph, entities: [...graph.entities, ...added] }, added };
}

/** Adds relations that do not exist yet. */
export function withRelations(graph: Graph, relations: readonly Relation[]): Added<Relation> {
  const added = relations.filter((each) => !graph.relations.some((other) => isSame(each, other)));
  return { graph: { ...graph, relations: [...graph.relations, ...added] }, added };
}

/**
 * Adds new observations of an entity.
 *
 * @throws {RangeError} for an unknown entity
 */
export function withObservations(
  graph: Graph,
  name: string,
  contents: readonly string[],
): Added<string> {
  const entity = graph.entities.find((each) => each.name === name);
  if (entity === undefined) throw new RangeError(`Entity with name ${name} not found`);
  const added = contents.filter((content) => !entity.observations.includes(content));
  const changed = { ...entity, observations: [...entity.observations, ...added] };
  return { graph: withEntity(graph, entity, changed), added };
}

/** Removes entities, and the relations from and to them. */
export function withoutEntities(graph: Graph, names: readonly string[]): Graph {
  const isLeft = (name: string) => !names.includes(name);
  return {
    entities: graph.entities.filter(({ name }) => isLeft(name)),
    relations: graph.relations.filter(({ from, to }) => isLeft(from) && isLeft(to)),
  };
}

/** Removes observations. Does nothing for an unknown entity. */
export function withoutObservations(graph: Graph, name: string, removed: readonly string[]): Graph {
  const entity = graph.entities.find((each) => each.name === name);
  if (entity === undefined) return graph;
  const observations = entity.observations.filter((each) => !removed.includes(each));
  return withEntity(graph, entity, { ...entity, observations });
}

export function withoutRelations(graph: Graph, relations: readonly Relation[]): Graph {
  const isLeft = (each: Relation) => !relations.some((removed) => isSame(each, removed));
  return { ...graph, relations: graph.relations.filter(isLeft) };
}

/** Returns the entities that pass a test, and the relations that touch one of them. */
export function around(graph: Graph, isWanted: (entity: Entity) => boolean): Graph {
  const entities = graph.entities.filter(isWanted);
  const names = new Set(entities.map(({ name }) => name));
  const relations = graph.relations.filter(({ from, to }) => names.has(from) || names.has(to));
  return { entities, relations };
}

/** True if the name, the type or an observation contains the text, in any case. */
export function mentions({ name, entityType, observations }: Entity, text: string): boolean {
  const wanted = text.toLowerCase();
  return [name, entityType, ...observations].some((each) => each.toLowerCase().includes(wanted));
}

function isSame(a: Relation, b: Relation): boolean {
  return a.from === b.from && a.to === b.to && a.relationType === b.relationType;
}

function withEntity(graph: Graph, entity: Entity, changed: Entity): Graph {
  return { ...graph, entities: graph.entities.map((each) => (each === entity ? changed : each)) };
}
