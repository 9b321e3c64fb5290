/** A form for the value that a JSON Schema describes. */
import type { JSONObject } from "lutra/protocol";
import { withMember } from "./field-props.ts";
import { FieldView } from "./field-view.tsx";
import { fieldOf, membersOf } from "./read-schema.ts";

export interface SchemaFormProps {
  readonly schema: JSONObject;
  readonly value: JSONObject;
  readonly onChange: (value: JSONObject) => void;
  /** The prefix of the ids of fields. */
  readonly id: string;
}

export function SchemaForm({ schema, value, onChange, id }: SchemaFormProps) {
  const members = membersOf(schema);
  if (members.length === 0) return <p class="dim">No arguments.</p>;
  return (
    <div class="fields">
      {members.map(({ name, schema: member, isRequired }) => (
        <FieldView
          key={name}
          id={`${id}-${name}`}
          name={name}
          field={fieldOf(member, schema)}
          root={schema}
          isRequired={isRequired}
          value={value[name]}
          onChange={(next) => onChange(withMember(value, name, next))}
        />
      ))}
    </div>
  );
}
