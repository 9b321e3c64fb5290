/** The frame around the views: the name of the server, the views, and the state of the connection. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { announcement } from "./announcement.ts";
import { ErrorNotice } from "./components/error-notice.tsx";
import { ThemeButton } from "./components/theme-button.tsx";
import { hrefOf, route } from "./router.ts";
import { type View, views } from "./views/list.ts";

/** The answer of `api/about`. */
export interface About {
  readonly title: string;
  readonly views: readonly string[];
}

export function Shell({ about }: { readonly about: About }) {
  const offered = views.filter(({ name }) => about.views.includes(name));
  const [name] = route.value.path;
  const view = offered.find((each) => each.name === name);
  useEffect(() => {
    addEventListener("keydown", focusSearch);
    return () => removeEventListener("keydown", focusSearch);
  }, []);
  return (
    <>
      <button type="button" class="skip" onClick={focusMain}>
        Skip to the content
      </button>
      <header class="top">
        <a
          class="brand"
          aria-label={about.title}
          href={hrefOf(offered.slice(0, 1).map((each) => each.name))}
        >
          <img src="icon.svg" alt="" width="24" height="24" />
          <span>{about.title}</span>
        </a>
        <nav aria-label="Views">
          {offered.map((each) => (
            <a
              key={each.name}
              href={hrefOf([each.name])}
              aria-current={each === view ? "page" : undefined}
            >
              {each.title}
            </a>
          ))}
        </nav>
        <ThemeButton />
      </header>
      <main id="main" tabIndex={-1}>
        {view === undefined ? (
          <p class="empty">This address has no view.</p>
        ) : (
          <LoadedView key={view.name} view={view} path={route.value.path.slice(1)} />
        )}
      </main>
      <div class="visually-hidden" role="status" aria-live="polite">
        {announcement}
      </div>
    </>
  );
}

/** The route is in the fragment, so this can't be a link. */
/** The key "/" moves to the search of the page, as long as nothing is being entered. */
function focusSearch(event: KeyboardEvent): void {
  const { key, target, ctrlKey, metaKey, altKey } = event;
  if (key !== "/" || ctrlKey || metaKey || altKey) return;
  if (target instanceof Element && target.closest("input, textarea, select, dialog")) return;
  const search = document.querySelector<HTMLInputElement>("main input[type=search]");
  if (search === null) return;
  event.preventDefault();
  search.focus();
}

function focusMain(): void {
  document.getElementById("main")?.focus();
}

/** Loads the code of a view when it is first shown. */
function LoadedView({ view, path }: { readonly view: View; readonly path: readonly string[] }) {
  const [Component, setComponent] = useState<ComponentType<{ path: readonly string[] }>>();
  const [problem, setProblem] = useState<Error>();
  useEffect(() => {
    view.load().then((loaded) => setComponent(() => loaded), setProblem);
  }, [view]);
  if (problem !== undefined) return <ErrorNotice error={problem} />;
  return Component === undefined ? <p class="empty">Loading …</p> : <Component path={path} />;
}
