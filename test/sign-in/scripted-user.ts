/** A user who fills in the forms of the authorization server, without a browser. */

/** The page on which a sign-in ended. */
export interface LastPage {
  readonly url: string;
  readonly text: string;
}

/** Maximum number of pages of one sign-in. */
const maxPages = 20;

/** Signs in, agrees, and follows the redirects to the program, as far as it listens. */
export async function signInAs(login: string, start: string): Promise<LastPage> {
  const cookies = new Map<string, string>();
  let request: { url: string; form?: URLSearchParams } = { url: start };
  for (let count = 0; count < maxPages; count += 1) {
    const { url } = request;
    // A redirect URI of a web host in a test leads nowhere.
    if (new URL(url).port === "1") return { url, text: "" };
    const response = await fetch(url, {
      method: request.form === undefined ? "GET" : "POST",
      redirect: "manual",
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
      ...(request.form && { body: request.form }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get("location");
    if (location !== null) {
      await response.body?.cancel();
      request = { url: new URL(location, request.url).href };
      continue;
    }
    const text = await response.text();
    const [, action] = /<form[^>]* action="([^"]+)"/.exec(text) ?? [];
    if (action === undefined) return { url: request.url, text };
    const [, prompt = ""] = /name="prompt" value="([^"]+)"/.exec(text) ?? [];
    const form = new URLSearchParams({ prompt, login, password: "any" });
    request = { url: new URL(action, request.url).href, form };
  }
  throw new Error(`the sign-in did not end after ${maxPages} pages`);
}
