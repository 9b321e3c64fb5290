/** Tabs with the keys of the ARIA pattern: arrows, Home and End move between them. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

interface Tab {
  readonly name: string;
  readonly label: ComponentChildren;
}

export interface TabsProps {
  /** The name of the group, for screen readers. */
  readonly label: string;
  readonly tabs: readonly Tab[];
  readonly selected: string;
  readonly onSelect: (name: string) => void;
  /** The content of the selected tab. */
  readonly children: ComponentChildren;
}

export function Tabs({ label, tabs, selected, onSelect, children }: TabsProps) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // On a narrow page, the list scrolls, and a link may lead to a tab that is out of sight.
    const tab = list.current?.querySelector("[aria-selected=true]");
    tab?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [selected]);
  const move = (event: KeyboardEvent) => {
    const index = tabs.findIndex(({ name }) => name === selected);
    const target = targetOf(event.key, index, tabs.length);
    const name = target === undefined ? undefined : tabs[target]?.name;
    if (name === undefined) return;
    event.preventDefault();
    onSelect(name);
    document.getElementById(`${id}-${name}`)?.focus();
  };
  return (
    <div class="tabs">
      <div role="tablist" ref={list} aria-label={label} onKeyDown={move}>
        {tabs.map(({ name, label: text }) => (
          <button
            key={name}
            id={`${id}-${name}`}
            type="button"
            role="tab"
            aria-selected={name === selected}
            aria-controls={`${id}-panel`}
            tabIndex={name === selected ? 0 : -1}
            onClick={() => onSelect(name)}
          >
            {text}
          </button>
        ))}
      </div>
      <div class="panel" id={`${id}-panel`} role="tabpanel" aria-labelledby={`${id}-${selected}`}>
        {children}
      </div>
    </div>
  );
}

function targetOf(key: string, index: number, count: number): number | undefined {
  const targets: { readonly [key: string]: number } = {
    ArrowRight: (index + 1) % count,
    ArrowLeft: (index + count - 1) % count,
    Home: 0,
    End: count - 1,
  };
  return targets[key];
}
