/** The TypeScript type of a literal JSON Schema. */

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

type Primitive<Name> = Name extends "string"
  ? string
  : Name extends "number" | "integer"
    ? number
    : Name extends "boolean"
      ? boolean
      : Name extends "null"
        ? null
        : unknown;

type RequiredNames<Schema> = Schema extends { readonly required: readonly (infer Name)[] }
  ? Name
  : never;

type ObjectType<Schema> = Schema extends { readonly properties: infer Properties }
  ? Mutable<
      {
        readonly [Name in keyof Properties as Name extends RequiredNames<Schema>
          ? Name
          : never]: FromJSONSchema<Properties[Name]>;
      } & {
        readonly [Name in keyof Properties as Name extends RequiredNames<Schema>
          ? never
          : Name]?: FromJSONSchema<Properties[Name]>;
      }
    >
  : { [key: string]: unknown };

type ArrayType<Schema> = Schema extends { readonly items: infer Items }
  ? FromJSONSchema<Items>[]
  : unknown[];

type TypeNamed<Name, Schema> = Name extends "object"
  ? ObjectType<Schema>
  : Name extends "array"
    ? ArrayType<Schema>
    : Primitive<Name>;

/**
 * The type of the values that a JSON Schema describes. It considers `const`, `enum`, `type`,
 * `properties`, `required`, `items`, `anyOf` and `oneOf`; other keywords do not narrow the type.
 */
export type FromJSONSchema<Schema> = Schema extends { readonly const: infer Value }
  ? Value
  : Schema extends { readonly enum: readonly (infer Value)[] }
    ? Value
    : Schema extends { readonly anyOf: readonly (infer Member)[] }
      ? FromJSONSchema<Member>
      : Schema extends { readonly oneOf: readonly (infer Member)[] }
        ? FromJSONSchema<Member>
        : Schema extends { readonly type: readonly (infer Name)[] }
          ? TypeNamed<Name, Schema>
          : Schema extends { readonly type: infer Name }
            ? TypeNamed<Name, Schema>
            : unknown;
