/** The properties that all controls of forms share. */
import type { JSONObject } from "lutra/protocol";
import type { VNode } from "preact";
import type { Field } from "./read-schema.ts";

export interface FieldProps {
  readonly id: string;
  readonly name: string;
  readonly field: Field;
  /** The schema with the definitions. */
  readonly root: JSONObject;
  readonly isRequired: boolean;
  /** Undefined while the field is empty. */
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
}

/** The component for the fields inside a field. */
export interface NestingProps extends FieldProps {
  readonly Nested: (props: FieldProps) => VNode;
}

/** Returns the ids of the texts that describe a control. */
export function describedBy({ id, field: { description, hints } }: FieldProps) {
  return description === undefined && hints.length === 0 ? undefined : `${id}-note`;
}

/** Returns the object with a member, or without it for `undefined`. */
export function withMember(object: JSONObject, name: string, value: unknown): JSONObject {
  const { [name]: _, ...others } = object;
  if (value === undefined) return others;
  return Object.hasOwn(object, name) ? { ...object, [name]: value } : { ...others, [name]: value };
}
