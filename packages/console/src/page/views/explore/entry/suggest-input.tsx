/** A text field with suggestions of the server. */
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { fetchJson } from "../../../api.ts";
import { catalogue } from "../explore-state.ts";

export interface SuggestInputProps {
  readonly id: string;
  readonly name: string;
  readonly value: string;
  readonly isRequired: boolean;
  readonly onChange: (value: string) => void;
  /** The prompt or template of which it is an argument. */
  readonly reference: object;
  /** The values of the other arguments. */
  readonly context: { readonly [name: string]: string };
  readonly describedBy: string | undefined;
}

interface Completion {
  readonly values: readonly string[];
}

/** Time without a key after which suggestions are asked for, in milliseconds. */
const pauseMs = 150;

export function SuggestInput(props: SuggestInputProps) {
  const { id, name, value, onChange } = props;
  const list = useId();
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const values = useSuggestions(props, isOpen);
  const isShown = isOpen && values.length > 0;
  const choose = (chosen: string) => {
    onChange(chosen);
    setOpen(false);
    setActive(-1);
  };
  const move = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const chosen = values[active];
    if (event.key === "Escape") setOpen(false);
    else if (step !== undefined) {
      setOpen(true);
      setActive((active + step + values.length) % Math.max(1, values.length));
    } else if (event.key === "Enter" && isShown && chosen !== undefined) choose(chosen);
    else return;
    event.preventDefault();
  };
  return (
    <div class="suggest">
      <input
        id={id}
        type="text"
        role="combobox"
        autocomplete="off"
        spellcheck={false}
        value={value}
        aria-required={props.isRequired}
        aria-describedby={props.describedBy}
        aria-expanded={isShown}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={isShown && active >= 0 ? `${list}-${active}` : undefined}
        onInput={({ currentTarget }) => {
          onChange(currentTarget.value);
          setOpen(true);
          setActive(-1);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={move}
      />
      <div
        class="options"
        id={list}
        role="listbox"
        aria-label={`Suggestions for ${name}`}
        hidden={!isShown}
      >
        {values.map((each, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys belong to the field
          <div
            key={each}
            id={`${list}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === active}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => choose(each)}
          >
            {each}
          </div>
        ))}
      </div>
    </div>
  );
}

/** Returns the suggestions for the current value. None are requested while the list is closed. */
function useSuggestions(props: SuggestInputProps, isOpen: boolean): readonly string[] {
  const { name, value, reference, context } = props;
  const [values, setValues] = useState<readonly string[]>([]);
  const lastContext = useRef(context);
  lastContext.current = context;
  const isOffered = "completions" in (catalogue.value?.capabilities ?? {});
  useEffect(() => {
    if (!isOpen || !isOffered) return setValues([]);
    const abort = new AbortController();
    const timer = setTimeout(() => {
      const body = { ref: reference, argument: { name, value }, context: lastContext.current };
      fetchJson<Completion>("explore/complete", body, { signal: abort.signal }).then(
        (completion) => setValues(completion.values),
        () => setValues([]),
      );
    }, pauseMs);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [isOpen, isOffered, value, name]);
  return values;
}
