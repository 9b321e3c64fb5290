/** `lutra/apps/view/react`: the view of a page as a React hook. */
import { useSyncExternalStore } from "react";
import { createView } from "./create-view.ts";
import type { View, ViewOptions, ViewState, ViewTypes } from "./view-types.ts";

/** A page has one host, so all components share one view. */
let shared: View | undefined;

/**
 * Connects the page to its host on the first call, and renders the component again after each change
 * of the state. All components of the page share the view, which has the options of the first call.
 */
export function useView<Types extends ViewTypes = ViewTypes>(
  options: ViewOptions<Types>,
): { readonly view: View<Types>; readonly state: ViewState<Types> } {
  shared ??= createView(options) as unknown as View;
  const view = shared as unknown as View<Types>;
  return { view, state: useSyncExternalStore(view.subscribe, () => view.state) };
}
