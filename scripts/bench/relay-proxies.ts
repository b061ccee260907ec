/** What stands in front of one upstream, each in a process of its own. */
import { existsSync } from "node:fs";

import { root } from "../lib/run.ts";
import { freePort, type Program, type Programs } from "./programs.ts";
import { token } from "./relay-load.ts";

export interface Proxies {
  /** Base URLs by what they are called; without a proxy first. */
  readonly targets: ReadonlyMap<string, string>;
  readonly own: { readonly url: string; readonly program: Program };
  end(): Promise<void>;
}

/** Bun sends 256 requests at once where its environment does not say otherwise. */
export const manyRequests = { BUN_CONFIG_MAX_HTTP_REQUESTS: "4000" };

export async function startProxies(programs: Programs, binary: string, mostAtOnce: number): Promise<Proxies> {
  const servers = programs.start([process.execPath, `${root}/scripts/bench/relay-servers.ts`], { PATH: "" });
  const [upstreamPort = "", plainPort = ""] = (await firstLine(servers)).split(" ");
  const upstream = `http://127.0.0.1:${upstreamPort}`;
  const nginx = await startNginx(programs, upstreamPort);
  const own = await startOwn(programs, { binary, upstream, mostAtOnce });
  const targets = new Map([["upstream", upstream]]);
  if (nginx !== undefined) targets.set("nginx", nginx.url);
  targets.set("a plain proxy", `http://127.0.0.1:${plainPort}`).set("ccproxy", own.url);
  return {
    targets,
    own,
    async end() {
      for (const program of [own.program, nginx?.program, servers])
        if (program !== undefined) await programs.end(program);
    },
  };
}

interface Own {
  readonly binary: string;
  readonly upstream: string;
  readonly mostAtOnce: number;
}

/** With an access token, the log and the ledger on. */
async function startOwn(programs: Programs, { binary, upstream, mostAtOnce }: Own): Promise<Proxies["own"]> {
  const port = freePort();
  const home = programs.home("relay");
  const config = `${home}/ccproxy.json`;
  const provider = { base_url: upstream, allow_private: true, credentials: { main: { env: "BENCH_KEY" } } };
  await Bun.write(
    config,
    JSON.stringify({
      server: { port, auth_token: token },
      providers: { anthropic: provider },
      routing: { default: "anthropic" },
      pool: { size: 0 },
      limits: { max_upstream: mostAtOnce },
      log: { format: "json" },
    }),
  );
  const env = { HOME: home, XDG_STATE_HOME: home, PATH: "", BENCH_KEY: "sk-bench", ...manyRequests };
  const program = programs.start([binary, "serve", "--config", config], env);
  await firstLine(program);
  return { url: `http://127.0.0.1:${port}`, program };
}

/** One worker, as there is one thread of ours, with its access log on and its connections kept. */
async function startNginx(programs: Programs, upstreamPort: string): Promise<Proxies["own"] | undefined> {
  const command = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/opt/homebrew/bin/nginx"].find((path) =>
    existsSync(path),
  );
  if (command === undefined) {
    console.log("      nginx is not installed (Debian: apt-get install nginx-light): NOT COMPARED");
    return undefined;
  }
  const port = freePort();
  const home = programs.home("nginx");
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${home}/${name};`,
  );
  await Bun.write(
    `${home}/nginx.conf`,
    `daemon off; worker_processes 1; pid ${home}/pid; error_log ${home}/error.log;
     events { worker_connections 4096; }
     http {
       access_log ${home}/access.log; ${places.join(" ")}
       upstream up { server 127.0.0.1:${upstreamPort}; keepalive 128; }
       server {
         listen 127.0.0.1:${port};
         location / { proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }
       }
     }`,
  );
  const program = programs.start([command, "-e", `${home}/error.log`, "-c", `${home}/nginx.conf`], { PATH: "" });
  await Bun.sleep(300);
  if (program.exitCode !== null) throw new Error(await Bun.file(`${home}/error.log`).text());
  return { url: `http://127.0.0.1:${port}`, program };
}

/** And goes on reading, so that the program never waits for who reads it. */
async function firstLine(program: Program): Promise<string> {
  const reader = program.stdout.getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) throw new Error("a program of the bench ended at its start");
    text += new TextDecoder().decode(value);
  }
  const drain = async (): Promise<void> => {
    while (!(await reader.read()).done);
  };
  drain().catch(() => {});
  return text.split("\n", 1)[0] ?? "";
}
