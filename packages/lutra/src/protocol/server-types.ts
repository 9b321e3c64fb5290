/** The types that a server declares for its clients. Nothing here exists at run time. */

/** The names and types of a server's tools, prompts and resource templates. */
export interface ServerTypes {
  readonly tools: {
    readonly [name: string]: { readonly arguments: unknown; readonly structuredContent: unknown };
  };
  readonly prompts: { readonly [name: string]: { readonly arguments: unknown } };
  readonly resourceTemplates: string;
}

declare const types: unique symbol;

/** Carries the types of a server from its declaration to `createClient<typeof server>()`. */
export interface Typed<Types extends ServerTypes> {
  readonly [types]?: Types;
}

/** The types that a server declares, or the widest ones for any other type. */
export type TypesOf<Server> = Server extends Typed<infer Types> ? Types : ServerTypes;
