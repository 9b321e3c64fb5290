/** A user who goes through pages with forms, of a gateway and of authorization servers. */

/** A browser as far as these pages need one: cookies by host, and forms. */
export interface PageUser {
  /** Opens a page, and follows redirects and links to the last page that has a form or ends the way. */
  readonly open: (url: string) => Promise<Page>;
  /** Sends the form of a page, with these fields beside the hidden ones. */
  readonly send: (page: Page, fields: { readonly [name: string]: string }) => Promise<Page>;
  /** Returns the values of all cookies so far. */
  readonly cookies: () => readonly string[];
}

export interface Page {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Maximum number of pages that follow without an action of the user. */
const maxPages = 20;

export function createPageUser(): PageUser {
  const jars = new Map<string, Map<string, string>>();
  const cookies = new Set<string>();

  async function request(url: string, form?: URLSearchParams): Promise<Page> {
    const { host } = new URL(url);
    const jar = jars.get(host) ?? new Map<string, string>();
    jars.set(host, jar);
    const response = await fetch(url, {
      method: form === undefined ? "GET" : "POST",
      redirect: "manual",
      headers: {
        cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; "),
        ...(form && { origin: new URL(url).origin }),
      },
      ...(form && { body: form }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
      if (value !== "") cookies.add(value);
    }
    const { status, headers } = response;
    return { url, status, headers, text: await response.text() };
  }

  async function follow(first: Page): Promise<Page> {
    let page = first;
    for (let count = 0; count < maxPages; count += 1) {
      const next =
        page.headers.get("location") ??
        /http-equiv="refresh" content="0;url=([^"]+)"/.exec(page.text)?.[1];
      if (next === undefined || next === null) return page;
      page = await request(new URL(next.replace(/&#38;/g, "&"), page.url).href);
    }
    throw new Error(`there were more than ${maxPages} redirects`);
  }

  return {
    cookies: () => [...cookies],
    open: async (url) => follow(await request(url)),
    send: async (page, fields) => {
      const [, action = page.url] = /<form[^>]* action="([^"]+)"/.exec(page.text) ?? [];
      const hidden = [...page.text.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)];
      const form = new URLSearchParams(hidden.map(([, name = "", value = ""]) => [name, value]));
      for (const [name, value] of Object.entries(fields)) form.set(name, value);
      return follow(await request(new URL(action, page.url).href, form));
    },
  };
}

/** Signs in at an authorization server, and agrees. Returns the page after that. */
export async function passSignIn(user: PageUser, start: Page, login: string): Promise<Page> {
  let page = start;
  for (let count = 0; count < maxPages; count += 1) {
    const [, prompt] = /name="prompt" value="([^"]+)"/.exec(page.text) ?? [];
    if (prompt === undefined) return page;
    page = await user.send(page, { prompt, login, password: "any" });
  }
  throw new Error("the sign-in did not end");
}
