/** A control for objects: the fields of their members. An optional one can be left out. */
import { type NestingProps, withMember } from "./field-props.ts";
import { initialValue } from "./initial-value.ts";
import { fieldOf, type Member } from "./read-schema.ts";

export function ObjectInput(props: NestingProps & { readonly members: readonly Member[] }) {
  const { id, name, root, value, isRequired, members, onChange, Nested } = props;
  const isPresent = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isPresent) {
    const add = () => {
      const entries = members.flatMap((member) => {
        const initial = member.isRequired ? initialValue(member.schema, root) : undefined;
        return initial === undefined ? [] : [[member.name, initial] as const];
      });
      onChange(Object.fromEntries(entries));
    };
    return (
      <button type="button" class="quiet" onClick={add}>
        {`Add ${name}`}
      </button>
    );
  }
  const object = value as { readonly [name: string]: unknown };
  return (
    <div class="nested">
      {members.map((member) => (
        <Nested
          key={member.name}
          id={`${id}-${member.name}`}
          name={member.name}
          field={fieldOf(member.schema, root)}
          root={root}
          isRequired={member.isRequired}
          value={object[member.name]}
          onChange={(next) => onChange(withMember(object, member.name, next))}
        />
      ))}
      {!isRequired && (
        <button type="button" class="quiet" onClick={() => onChange(undefined)}>
          {`Remove ${name}`}
        </button>
      )}
    </div>
  );
}
