/** Switches between the theme of the system, light and dark. The browser remembers the choice. */
import { computed, signal } from "@preact/signals";

const themes = ["system", "light", "dark"] as const;
type Theme = (typeof themes)[number];

const icons: { readonly [name in Theme]: string } = { system: "◐", light: "☀", dark: "☾" };
const key = "lutra-theme";
const theme = signal<Theme>(themes.find((each) => each === localStorage.getItem(key)) ?? "system");
apply(theme.value);

const dark = matchMedia("(prefers-color-scheme: dark)");
const systemTheme = signal<"light" | "dark">(dark.matches ? "dark" : "light");
dark.addEventListener("change", ({ matches }) => {
  systemTheme.value = matches ? "dark" : "light";
});

/** The theme in which the page is shown. */
export const shownTheme = computed<"light" | "dark">(() =>
  theme.value === "system" ? systemTheme.value : theme.value,
);

export function ThemeButton() {
  const next = themes[(themes.indexOf(theme.value) + 1) % themes.length] ?? "system";
  const choose = () => {
    theme.value = next;
    localStorage.setItem(key, next);
    apply(next);
  };
  const label = `Theme: ${theme.value}. Switch to ${next}`;
  return (
    <button type="button" class="icon" aria-label={label} title={label} onClick={choose}>
      <span aria-hidden="true">{icons[theme.value]}</span>
    </button>
  );
}

function apply(chosen: Theme): void {
  document.documentElement.dataset.theme = chosen;
}
