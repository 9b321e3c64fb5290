/** The view for people who build servers. */

export function ExploreView({ path }: { readonly path: readonly string[] }) {
  return <p class="empty">{path.join("/")}</p>;
}
