/** Starts the page: exchanges the token of the link, and shows the views that the server has. */
import { render } from "preact";
import { fetchJson, type RequestError } from "./api.ts";
import { navigate, route } from "./router.ts";
import { type About, Shell } from "./shell.tsx";
import { SignIn } from "./sign-in.tsx";
import { exchangeToken, tokenIn } from "./token.ts";

async function start(root: Element): Promise<void> {
  const token = tokenIn(location.hash);
  if (token !== undefined) {
    // The token must not stay in the address, from where it could be copied.
    history.replaceState(null, "", "#/");
    route.value = { path: [], query: new URLSearchParams() };
    await exchangeToken(token).catch(() => {});
  }
  await open(root);
}

async function open(root: Element): Promise<void> {
  try {
    const about = await fetchJson<About>("about");
    document.title = `${about.title} · Lutra`;
    // The address may have changed while the page signed in, and the route follows it later.
    if (/^#?\/?$/.test(location.hash)) navigate(about.views.slice(0, 1), {}, { replace: true });
    root.replaceChildren();
    render(<Shell about={about} />, root);
  } catch (error) {
    const { message, status } = error as RequestError;
    root.replaceChildren();
    const onDone = () => void open(root);
    render(<SignIn message={message} isKnown={status === 401} onDone={onDone} />, root);
  }
}

const root = document.getElementById("app");
if (root !== null) void start(root);
