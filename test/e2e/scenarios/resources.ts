import { expect } from "vitest";
import { unicodeResource } from "../fixture/resources.ts";
import { expectRefusal, type Scenario } from "../scenario.ts";
import { createFixture } from "../server.ts";

export const resources: readonly Scenario[] = [
  {
    name: "resources are listed with their metadata",
    run: async (client) => {
      const { resources } = await client.listResources();
      expect(resources.map(({ uri }) => uri)).toEqual(createFixture().resources.keys());
      expect(resources[0]).toEqual({
        uri: "memo://readme",
        name: "readme",
        title: "Read me",
        description: "A text",
        mimeType: "text/plain",
        size: 12,
        annotations: { audience: ["assistant"], priority: 1 },
      });
    },
  },
  {
    name: "a resource is read as text, as bytes or in parts",
    run: async (client) => {
      expect((await client.readResource("memo://readme")).contents).toEqual([
        { uri: "memo://readme", mimeType: "text/plain", text: "Otters play." },
      ]);
      expect((await client.readResource("memo://logo")).contents).toEqual([
        { uri: "memo://logo", mimeType: "image/png", blob: "iVBOR/8=" },
      ]);
      expect((await client.readResource("memo://parts")).contents).toEqual([
        { uri: "memo://parts/1", text: "one" },
        { uri: "memo://parts/2", text: "two", mimeType: "text/markdown" },
      ]);
    },
  },
  {
    name: "a resource may have a URI with non-ASCII characters",
    run: async (client) => {
      const { contents } = await client.readResource(unicodeResource);
      expect(contents).toEqual([
        { uri: unicodeResource, text: `you asked for ${unicodeResource}` },
      ]);
    },
  },
  {
    name: "templates are listed, and URIs that match them are read",
    run: async (client) => {
      const { resourceTemplates } = await client.listResourceTemplates();
      expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual(
        createFixture().resourceTemplates.keys(),
      );
      const uri = `place://JP/${encodeURIComponent("大阪")}`;
      expect((await client.readResource(uri)).contents).toEqual([
        { uri, mimeType: "application/json", text: '{"country":"JP","name":"大阪"}' },
      ]);
      const search = "search://places?limit=3&country=AT";
      expect((await client.readResource(search)).contents).toEqual([
        { uri: search, text: '{"country":"AT","limit":"3"}' },
      ]);
    },
  },
  {
    name: "reading a missing resource is refused with its URI",
    run: async (client) => {
      for (const uri of ["memo://nothing", "place://AT/Atlantis", "no uri at all"]) {
        const { data } = await expectRefusal(client.readResource(uri), -32602);
        expect(data).toEqual({ uri });
      }
    },
  },
];
