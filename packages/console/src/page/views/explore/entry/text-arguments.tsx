/** Fields for arguments that are texts, with suggestions: those of prompts and of templates. */
import type { JSONObject } from "lutra/protocol";
import { withMember } from "../form/field-props.ts";
import { SuggestInput } from "./suggest-input.tsx";

interface TextArgument {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly required?: boolean;
}

export interface TextArgumentsProps {
  readonly list: readonly TextArgument[];
  readonly values: JSONObject;
  readonly onChange: (values: JSONObject) => void;
  /** The prompt or template, as `completion/complete` names it. */
  readonly reference: object;
}

export function TextArguments({ list, values, onChange, reference }: TextArgumentsProps) {
  if (list.length === 0) return <p class="dim">No arguments.</p>;
  return (
    <div class="fields">
      {list.map(({ name, title, description, required = false }) => (
        <div class="field" key={name}>
          <label for={`argument-${name}`}>
            {title ?? name}
            {required && (
              <span class="required">
                {" *"}
                <span class="visually-hidden"> (required)</span>
              </span>
            )}
          </label>
          {description !== undefined && (
            <p class="note" id={`argument-${name}-note`}>
              {description}
            </p>
          )}
          <SuggestInput
            id={`argument-${name}`}
            name={name}
            value={textOf(values[name])}
            isRequired={required}
            onChange={(value) =>
              onChange(withMember(values, name, value === "" ? undefined : value))
            }
            reference={reference}
            context={textsOf(values, name)}
            describedBy={description === undefined ? undefined : `argument-${name}-note`}
          />
        </div>
      ))}
    </div>
  );
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The other arguments, which a completion may depend on. */
function textsOf(values: JSONObject, name: string): { readonly [name: string]: string } {
  const others = Object.entries(values).filter(([key]) => key !== name);
  return Object.fromEntries(others.map(([key, value]) => [key, textOf(value)]));
}
