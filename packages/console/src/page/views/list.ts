/** The views of the page, in the order of the navigation. The server names those that it offers. */
import type { ComponentType } from "preact";

export interface View {
  /** The first part of the path: `#/explore`. */
  readonly name: string;
  readonly title: string;
  /** Loads the component. It gets the rest of the path. */
  readonly load: () => Promise<ComponentType<{ path: readonly string[] }>>;
}

export const views: readonly View[] = [
  {
    name: "explore",
    title: "Explore",
    load: async () => (await import("./explore/explore-view.tsx")).ExploreView,
  },
  {
    name: "fleet",
    title: "Fleet",
    load: async () => (await import("./fleet/fleet-view.tsx")).FleetView,
  },
  {
    name: "traces",
    title: "Traces",
    load: async () => (await import("./traces/traces-view.tsx")).TracesView,
  },
];
