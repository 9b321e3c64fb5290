/** The schemas of TLS: the gateway's own certificate, and the connections to an upstream. */
import { z } from "zod";

const pem = (what: string) => z.string().min(1).describe(`The file with ${what}, in PEM`);

export const listenTls = z
  .strictObject({
    cert: pem("the certificate, followed by those of its issuers"),
    key: pem("the private key"),
    clientCa: pem(
      "the certificates of the authorities that issue the certificates of clients. With it, a client without such a certificate can't connect",
    ).optional(),
    minVersion: z
      .enum(["TLSv1.2", "TLSv1.3"])
      .default("TLSv1.2")
      .describe("The oldest version that clients may use"),
  })
  .describe(
    "Accepts only TLS. The files are read again when one of them changes and on SIGHUP; a certificate that can't be used is reported, and the previous one stays in use",
  );

export const upstreamTls = z
  .strictObject({
    ca: pem(
      "the certificates of the authorities to trust instead of those of the system",
    ).optional(),
    servername: z
      .string()
      .min(1)
      .optional()
      .describe(
        "The name that is sent in the handshake and that the certificate must have. By default, the host of the URL",
      ),
    cert: pem("the certificate that the gateway presents").optional(),
    key: pem("the private key of that certificate").optional(),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    error: "expected cert and key together; add the other one, or remove both",
  })
  .describe("TLS to replicas with an https URL. Their certificates are always verified");
