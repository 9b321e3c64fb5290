import { defineResource, defineResourceTemplate } from "./resources.ts";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Variables follow from the template. */
const place = defineResourceTemplate({
  uriTemplate: "place://{country}/{+path}{?lang}",
  name: "place",
  complete: { country: () => ["fr"], lang: async () => ({ values: ["en"], hasMore: true }) },
  read: ({ country, path, lang }, { uri }) => {
    const _country: Equal<typeof country, string> = true;
    const _path: Equal<typeof path, string> = true;
    const _lang: Equal<typeof lang, string | undefined> = true;
    const _uri: Equal<typeof uri, string> = true;
    return country;
  },
});
const _template: Equal<typeof place.uriTemplate, "place://{country}/{+path}{?lang}"> = true;

defineResourceTemplate({
  uriTemplate: "place://{id}",
  name: "place",
  // @ts-expect-error the template has no such variable
  read: ({ city }) => city,
});
defineResourceTemplate({
  uriTemplate: "place://{id}",
  name: "place",
  // @ts-expect-error the template has no such variable
  complete: { city: () => [] },
  read: () => "",
});

/** The values that a handler may return. */
const base = { uri: "a:b", name: "b" };
defineResource({ ...base, read: () => "text" });
defineResource({ ...base, read: async () => new Uint8Array() });
defineResource({ ...base, read: () => ({ uri: "a:b", text: "" }) });
defineResource({ ...base, read: () => [{ uri: "a:b", blob: "" }] });
defineResource({ ...base, read: () => undefined });
// @ts-expect-error a number is not valid contents
defineResource({ ...base, read: () => 42 });
// @ts-expect-error contents have a URI
defineResource({ ...base, read: () => ({ text: "" }) });
// @ts-expect-error a scope is public or private
defineResource({ ...base, cache: { ttlMs: 1, cacheScope: "shared" }, read: () => "" });

defineResourceTemplate({
  uriTemplate: "diary://{owner}",
  name: "diary",
  scopes: ({ owner }) => [owner satisfies string],
  read: ({ owner }) => owner,
});
defineResourceTemplate({
  uriTemplate: "diary://{owner}",
  name: "diary",
  // @ts-expect-error the template has no such variable
  scopes: ({ reader }) => [reader],
  read: ({ owner }) => owner,
});
