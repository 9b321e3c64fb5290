import { describe, expect, it } from "vitest";
import { unicodeResource } from "../../e2e/fixture/resources.ts";
import { createFixture } from "../../e2e/server.ts";
import { expectError, type Meeting } from "./meeting.ts";

export function testResources(meeting: Meeting): void {
  describe("resources", () => {
    it("lists and reads them", async () => {
      const { client } = meeting.shared;
      const { resources } = await client.listResources();
      expect(resources.map(({ uri }) => uri)).toEqual(createFixture().resources.keys());
      expect(resources[0]).toMatchObject({
        name: "readme",
        size: 12,
        annotations: { priority: 1 },
      });
      const { contents } = await client.readResource({ uri: "memo://readme" });
      expect(contents).toEqual([
        { uri: "memo://readme", mimeType: "text/plain", text: "Otters play." },
      ]);
      const logo = await client.readResource({ uri: "memo://logo" });
      expect(logo.contents).toEqual([
        { uri: "memo://logo", mimeType: "image/png", blob: "iVBOR/8=" },
      ]);
      const parts = await client.readResource({ uri: "memo://parts" });
      expect(parts.contents).toHaveLength(2);
    });

    it("reads one whose URI no header can carry as it is", async () => {
      const { contents } = await meeting.shared.client.readResource({ uri: unicodeResource });
      expect(contents[0]).toMatchObject({ text: `you asked for ${unicodeResource}` });
    });

    it("lists templates and reads what follows them", async () => {
      const { client } = meeting.shared;
      const { resourceTemplates } = await client.listResourceTemplates();
      expect(resourceTemplates[0]).toMatchObject({ uriTemplate: "place://{country}/{name}" });
      const uri = `place://JP/${encodeURIComponent("東京")}`;
      const { contents } = await client.readResource({ uri });
      expect(contents).toEqual([
        { uri, mimeType: "application/json", text: '{"country":"JP","name":"東京"}' },
      ]);
    });

    it.each(["memo://nothing", "place://AT/Atlantis"])(
      "is told that %s is not there",
      async (uri) => {
        const error = await expectError(meeting.shared.client.readResource({ uri }), -32602);
        expect(error.data).toEqual({ uri });
      },
    );
  });
}
