import { describe, expect, it } from "vitest";
import { clientMetadataDocument } from "./client-metadata.ts";

const metadata = {
  url: "https://app.example/client.json",
  clientName: "App",
  redirectUris: ["http://127.0.0.1/callback"],
};

describe("a client metadata document", () => {
  it("has the members that the specification requires", () => {
    expect(clientMetadataDocument({ ...metadata, clientUri: "https://app.example" })).toEqual({
      client_id: "https://app.example/client.json",
      client_name: "App",
      client_uri: "https://app.example",
      redirect_uris: ["http://127.0.0.1/callback"],
      application_type: "native",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    });
  });

  it("is about a web application when all redirect URIs are elsewhere", () => {
    const redirectUris = ["https://app.example/callback"];
    const { application_type } = clientMetadataDocument({ ...metadata, redirectUris });
    expect(application_type).toBe("web");
  });

  it.each([
    "http://app.example/client.json",
    "https://app.example",
    "https://app.example/",
    "https://app.example/a/../client.json",
    "https://app.example/./client.json",
    "https://app.example/client.json#a",
    "https://app.example/client.json?a",
    "https://user@app.example/client.json",
    "client.json",
  ])("refuses the URL %s", (url) => {
    expect(() => clientMetadataDocument({ ...metadata, url })).toThrow("clientMetadataUrl");
  });

  it.each([
    "http://app.example/callback",
    "https://app.example/#a",
    "https://app.example/callback#",
    "https://user:word@app.example/callback",
    "https://user@app.example/callback",
    "app:callback",
  ])("refuses the redirect URI %s", (uri) => {
    expect(() => clientMetadataDocument({ ...metadata, redirectUris: [uri] })).toThrow(TypeError);
  });
});
