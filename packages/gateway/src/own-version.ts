/** The version that the gateway sends to servers; a test compares it with package.json. */
export const version = "0.1.0";
