/** The libraries, and the expected outcome of each version. */

export interface Schemas {
  readonly id: string;
  readonly title: string;
  /** The package to install, and the name under which it is installed. */
  readonly specifier: string;
  readonly alias: string;
  /** The subpath of the package. */
  readonly entry?: string;
  /** The schema of an object with a number `n`; the library is `z`. */
  readonly schema: string;
  /** The schema that the message recommends. */
  readonly remedy?: string;
  /** True if the library offers JSON Schema. */
  readonly works: boolean;
}

const schema = "z.object({ n: z.number() })";
const converted = `z.toJSONSchema(${schema})`;

export const subjects: readonly Schemas[] = [
  zod("3.23", false),
  zod("3.25", false),
  { ...zod("4.0", false), remedy: converted },
  { ...zod("4.1", false), remedy: converted },
  zod("4.2", true),
  { ...zod("4.6", true), title: "zod, the newest" },
  {
    ...zod("4.6", false),
    id: "zod-mini",
    title: "zod/mini",
    entry: "/mini",
    remedy: converted,
  },
];

function zod(version: string, works: boolean): Schemas {
  const [id, title] = [`zod-${version}`, `zod ${version}`];
  return { id, title, alias: id, specifier: `zod@~${version}.0`, schema, works };
}

/** Returns the message, a part of the type error, and the outcome of the remedy. */
export function requiredOutcomeOf({ works, remedy }: Schemas) {
  if (works) return { message: "works", typeError: "", remedy: "" };
  return {
    message:
      "tool add: inputSchema: this schema of zod offers no JSON Schema; use zod 4.2 or newer; for zod/mini, pass z.toJSONSchema(schema)",
    typeError: "this schema offers no JSON Schema: use zod 4.2 or newer",
    remedy: remedy === undefined ? "" : "works",
  };
}
