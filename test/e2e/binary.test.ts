/** The executable as it is built: what it is, what lies beside it, and that another processor runs it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";

import { arm64Libraries, findHelper } from "../../scripts/lib/absent.ts";
import { run } from "../../scripts/lib/run.ts";
import { buildVersion } from "../../scripts/lib/targets.ts";

const scratch = await mkdtemp(`${tmpdir()}/ccproxy-binary-`);
afterAll(() => rm(scratch, { recursive: true, force: true }));

async function build(...args: string[]): Promise<void> {
  const { code, output } = await run([process.execPath, "scripts/build.ts", "--out", scratch, ...args]);
  if (code !== 0) throw new Error(output);
}

describe("the binary for this machine", () => {
  beforeAll(() => build(), 60_000);

  test('is one file, without source maps beside it; proves("binary-single")', async () => {
    expect(await readdir(scratch)).toEqual(["ccproxy"]);
  });

  test("says the version of the package and the commit, and nothing else", async () => {
    const { code, output } = await run([`${scratch}/ccproxy`, "--version"]);
    expect({ code, output }).toEqual({ code: 0, output: `${await buildVersion()}\n` });
  });

  test("does not read or run what lies in the working directory", async () => {
    const cwd = `${scratch}/hostile`;
    await Bun.write(`${cwd}/bunfig.toml`, 'preload = ["./evil.ts"]\n');
    await Bun.write(`${cwd}/.env`, "CCPROXY__SERVER__PORT=nonsense\n");
    await Bun.write(`${cwd}/evil.ts`, "console.log('evil ran'); process.exit(66);\n");
    await Bun.write(`${cwd}/ccproxy.config.ts`, "console.log('evil ran'); process.exit(67);\n");
    const { code, output } = await run([`${scratch}/ccproxy`, "config", "show"], { cwd });
    expect(output).not.toContain("evil");
    expect(output).not.toContain("nonsense");
    expect(code).toBe(0);
  });
});

test("all eight targets are built, each an executable of its system, with their sums and the OpenAPI document", async () => {
  const out = `${scratch}/all`;
  const { code, output } = await run([process.execPath, "scripts/build.ts", "--all", "--out", out], {
    timeoutMs: 280_000,
  });
  expect({ code, output: code === 0 ? "" : output }).toEqual({ code: 0, output: "" });
  const sums = (await Bun.file(`${out}/SHA256SUMS`).text()).trimEnd().split("\n");
  const found = await Promise.all(
    sums.map(async (line) => {
      const [sum = "", name = ""] = line.split("  ");
      const bytes = await Bun.file(`${out}/${name}`).bytes();
      expect(new Bun.CryptoHasher("sha256").update(bytes).digest("hex")).toBe(sum);
      return [name, Buffer.from(bytes.subarray(0, 4)).toString("latin1")];
    }),
  );
  const [elf, machO, pe] = ["\x7fELF", "\xcf\xfa\xed\xfe", expect.stringMatching(/^MZ/)];
  expect(Object.fromEntries(found)).toEqual({
    "ccproxy-linux-x64": elf,
    "ccproxy-linux-arm64": elf,
    "ccproxy-linux-x64-musl": elf,
    "ccproxy-linux-arm64-musl": elf,
    "ccproxy-darwin-x64": machO,
    "ccproxy-darwin-arm64": machO,
    "ccproxy-windows-x64.exe": pe,
    "ccproxy-windows-arm64.exe": pe,
  });
  expect(await Bun.file(`${out}/openapi.json`).json()).toMatchObject({ openapi: "3.1.0" });
}, 300_000);

describe("the binary for arm64", () => {
  const qemu = findHelper("qemu with arm64 libraries");

  test.skipIf(qemu === undefined)(
    'runs: it says its version and answers /health; proves("binary-targets")',
    async () => {
      await build("--target", "bun-linux-arm64");
      const emulated = [qemu ?? "", "-L", arm64Libraries, `${scratch}/ccproxy-linux-arm64`];
      const { output } = await run([...emulated, "--version"], { timeoutMs: 60_000 });
      expect(output).toBe(`${await buildVersion()}\n`);
      const port = freePort();
      const server = Bun.spawn([...emulated, "serve", "--port", String(port), "--cwd", scratch, "--pool-size", "0"], {
        env: { HOME: scratch, PATH: "/nonexistent" },
        stdin: "ignore",
        stdout: "ignore",
        stderr: "ignore",
      });
      try {
        expect(await healthStatus(port)).toBe(200);
      } finally {
        server.kill("SIGKILL");
        await server.exited;
      }
    },
    180_000,
  );
});

function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

async function healthStatus(port: number): Promise<number> {
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    const response = await fetch(`http://127.0.0.1:${port}/health/live`).catch(() => undefined);
    if (response !== undefined) return response.status;
    await Bun.sleep(100);
  }
  return 0;
}
