// The sandbox's own certificate authority, kept in its directory, and the certificates it signs.
import "reflect-metadata";
import { existsSync, readFileSync, writeFileSync, renameSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { webcrypto } from "node:crypto";
import { getCACertificates } from "node:tls";
import * as x509 from "@peculiar/x509";
import { certifiedNames } from "./azure-names.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const day = 86_400_000;

export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface Certificates {
  /** PEM file that clients trust. */
  readonly caFile: string;
  /** Certificate (with the CA behind it) and key of `localhost`, `127.0.0.1`, `::1` and of Azure's own names. */
  readonly tls: KeyPair;
}

/** Reads CA and server certificate from `dir`, or makes them; a certificate with less than 30 days left is made anew. */
export async function openCertificates(dir: string): Promise<Certificates> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const provider = webcrypto;
  x509.cryptoProvider.set(provider);
  const caFile = join(dir, "ca.pem");
  const caKeyFile = join(dir, "ca.key");
  if (!existsSync(caFile) || !existsSync(caKeyFile)) {
    const keys = await provider.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const ca = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: serial(),
      name: "CN=mlops sandbox CA, O=mlops sandbox",
      notBefore: new Date(Date.now() - day),
      notAfter: new Date(Date.now() + 3650 * day),
      keys,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    // The key first: a CA without its key would never be made good again.
    save(caKeyFile, await pem(provider, keys.privateKey), 0o600);
    save(caFile, ca.toString("pem") + "\n", 0o644);
  }
  const ca = new x509.X509Certificate(readFileSync(caFile, "utf8"));
  const caKey = await provider.subtle.importKey("pkcs8", x509.PemConverter.decodeFirst(readFileSync(caKeyFile, "utf8")), algorithm, false, [
    "sign",
  ]);

  const issue = async (names: readonly string[]): Promise<KeyPair> => {
    const keys = await provider.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const cert = await x509.X509CertificateGenerator.create({
      serialNumber: serial(),
      subject: `CN=${names[0]}`,
      issuer: ca.subject,
      notBefore: new Date(Date.now() - day),
      notAfter: new Date(Date.now() + 397 * day),
      publicKey: keys.publicKey,
      signingKey: caKey,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(names.map((name) => ({ type: /^[\d.]+$|:/.test(name) ? "ip" : "dns", value: name }))),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        await x509.AuthorityKeyIdentifierExtension.create(ca.publicKey),
      ],
    });
    return { cert: `${cert.toString("pem")}\n${ca.toString("pem")}\n`, key: await pem(provider, keys.privateKey) };
  };

  const certFile = join(dir, "server.pem");
  const keyFile = join(dir, "server.key");
  if (!usable(certFile, keyFile, ca)) {
    const made = await issue(certifiedNames);
    save(keyFile, made.key, 0o600);
    save(certFile, made.cert, 0o644);
  }
  // For programs that take one file in place of their own list: everything trusted here, and the sandbox.
  const bundle = [readFileSync(caFile, "utf8"), ...getCACertificates("default"), ...systemCertificates()].map((one) => one.trim());
  save(join(dir, "ca-bundle.pem"), [...new Set(bundle)].join("\n") + "\n", 0o644);
  return { caFile, tls: { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") } };
}

function systemCertificates(): string[] {
  try {
    return getCACertificates("system");
  } catch {
    return [];
  }
}

function usable(certFile: string, keyFile: string, ca: x509.X509Certificate): boolean {
  if (!existsSync(certFile) || !existsSync(keyFile)) return false;
  const cert = new x509.X509Certificate(x509.PemConverter.decodeFirst(readFileSync(certFile, "utf8")));
  const names =
    cert
      .getExtension(x509.SubjectAlternativeNameExtension)
      ?.names.toJSON()
      .map(({ value }) => value) ?? [];
  // An older sandbox's certificate has fewer names.
  const complete = certifiedNames.every((name) => name.includes(":") || names.includes(name));
  return complete && cert.notAfter.getTime() > Date.now() + 30 * day && cert.issuer === ca.subject;
}

const serial = (): string =>
  Buffer.from(webcrypto.getRandomValues(new Uint8Array(15)))
    .toString("hex")
    .replace(/^[89a-f]/, "1");

async function pem(provider: webcrypto.Crypto, key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await provider.subtle.exportKey("pkcs8", key), "PRIVATE KEY") + "\n";
}

function save(file: string, text: string, mode: number): void {
  writeFileSync(`${file}.new`, text, { mode });
  renameSync(`${file}.new`, file);
}
