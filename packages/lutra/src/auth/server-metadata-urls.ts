/**
 * Returns the well-known URLs of the metadata of an issuer, in the order in which they are tried: as an
 * OAuth authorization server first, then as an OpenID provider.
 *
 * @spec basic/authorization/authorization-server-discovery#authorization-server-metadata-discovery
 */
export function serverMetadataURLs({ origin, pathname }: URL): readonly string[] {
  const path = pathname.replace(/\/$/, "");
  const [oauth, openid] = ["oauth-authorization-server", "openid-configuration"].map(
    (name) => `/.well-known/${name}`,
  );
  const inserted = [origin + oauth + path, origin + openid + path];
  return path === "" ? inserted : [...inserted, origin + path + openid];
}
