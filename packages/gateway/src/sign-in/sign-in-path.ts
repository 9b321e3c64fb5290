/** The path of the pages below that of the endpoint. */
export const signInPath = "/sign-in";
