/** Express 4, whose own types would need a second copy of `@types/express`. */
declare module "express4" {
  export { default } from "express";
}
