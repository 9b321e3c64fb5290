import type { TemplateVariable, TemplateVariables } from "./uri-template.ts";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** The names of a template's variables, whatever their operators and modifiers. */
const _none: Equal<TemplateVariable<"a://fixed">, never> = true;
const _one: Equal<TemplateVariable<"a://{id}">, "id"> = true;
const _list: Equal<TemplateVariable<"{x,y}/{+z}">, "x" | "y" | "z"> = true;
const _modifiers: Equal<TemplateVariable<"{x:3,y*}{/z*}">, "x" | "y" | "z"> = true;
const _query: Equal<TemplateVariable<"{a}{?b,c}{&d}{#e}">, "a" | "b" | "c" | "d" | "e"> = true;
const _unknown: Equal<TemplateVariable<string>, string> = true;

/** Variables of a query are optional, all others are required. */
const _variables: Equal<
  TemplateVariables<"a://{id}{?q,lang:2}">,
  { readonly id: string; readonly q?: string; readonly lang?: string }
> = true;
const _continued: Equal<TemplateVariables<"a://s?x=1{&q}">, { readonly q?: string }> = true;
const _all: Equal<
  TemplateVariables<"{/a}{;b}{.c}{#d}">,
  { readonly a: string; readonly b: string; readonly c: string; readonly d: string }
> = true;

declare const values: TemplateVariables<"a://{id}{?q}">;
const _id: string = values.id;
// @ts-expect-error a variable of a query may be absent
const _q: string = values.q;
// @ts-expect-error the template has no such variable
const _other = values.other;
