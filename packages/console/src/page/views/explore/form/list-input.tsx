/** A control for lists, whose items have fields of their own. */
import type { JSONObject } from "lutra/protocol";
import type { NestingProps } from "./field-props.ts";
import { initialValue } from "./initial-value.ts";
import { fieldOf } from "./read-schema.ts";

export function ListInput(props: NestingProps & { readonly item: JSONObject }) {
  const { id, name, root, value, item, onChange, Nested } = props;
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  const field = fieldOf(item, root);
  const replace = (index: number, next: unknown) =>
    onChange(items.map((each, position) => (position === index ? next : each)));
  const remove = (index: number) => {
    const rest = items.filter((_, position) => position !== index);
    onChange(rest.length === 0 && !props.isRequired ? undefined : rest);
  };
  return (
    <div class="list-input">
      {items.map((each, index) => (
        <div class="item" key={index}>
          <Nested
            id={`${id}-${index}`}
            name={`${name} ${index + 1}`}
            field={{ ...field, title: field.title ?? `${index + 1}` }}
            root={root}
            isRequired
            value={each}
            onChange={(next) => replace(index, next)}
          />
          <button
            type="button"
            class="quiet"
            aria-label={`Remove ${name} ${index + 1}`}
            onClick={() => remove(index)}
          >
            Remove
          </button>
        </div>
      ))}
      <button
        type="button"
        class="quiet"
        onClick={() => onChange([...items, initialValue(item, root) ?? emptyOf(field.kind)])}
      >
        {`Add ${name}`}
      </button>
    </div>
  );
}

/** A new item that has no default. JSON has no undefined items. */
function emptyOf(kind: string): unknown {
  return kind === "string" ? "" : null;
}
