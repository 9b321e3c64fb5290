/** The app of a result, whose code is loaded with the first one. */
import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import type { AppProps } from "./app-view.tsx";

type Loaded =
  | { readonly Component: ComponentType<AppProps> }
  | { readonly problem: string }
  | undefined;

const loaded = signal<Loaded>(undefined);

export function LoadedApp(props: AppProps) {
  useEffect(() => {
    if (loaded.value !== undefined) return;
    import("./app-view.tsx").then(
      ({ AppView }) => {
        loaded.value = { Component: AppView };
      },
      (error: Error) => {
        loaded.value = { problem: error.message };
      },
    );
  }, []);
  const known = loaded.value;
  if (known === undefined) return <p class="dim">Loading the app …</p>;
  if ("problem" in known) return <p class="notice bad">{known.problem}</p>;
  return <known.Component {...props} />;
}
