/** The configuration of a server of xmcp, whose files are named after its tools and resources. */
export default {
  // The port becomes a part of the compiled server, which takes the next one if it is in use.
  http: { port: Number(process.env.XMCP_PORT) },
  stdio: true,
  paths: { prompts: false },
};
