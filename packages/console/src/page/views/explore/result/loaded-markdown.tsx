/** Markdown, whose code is loaded with the first text that needs it. */
import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";

type Component = ComponentType<{ text: string }>;

const loaded = signal<{ readonly Component: Component } | undefined>(undefined);

export function Markdown({ text }: { readonly text: string }) {
  useEffect(() => {
    if (loaded.value !== undefined) return;
    import("./markdown.tsx").then(
      (module) => {
        loaded.value = { Component: module.Markdown };
      },
      () => {},
    );
  }, []);
  const known = loaded.value;
  return known === undefined ? <p class="plain">{text}</p> : <known.Component text={text} />;
}
