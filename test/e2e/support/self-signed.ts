import { join } from "node:path";

/** A certificate of nobody's but our own, for this machine; in `cert.pem` of the folder. */
export async function selfSigned(folder: string): Promise<{ readonly key: string; readonly cert: string }> {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
  const made = Bun.spawnSync(["openssl", "req", ...kind, ...subject, "-keyout", key, "-out", cert]);
  if (!made.success) throw new Error(made.stderr.toString());
  return { key: await Bun.file(key).text(), cert: await Bun.file(cert).text() };
}
