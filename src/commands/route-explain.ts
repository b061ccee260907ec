import { resolvePath } from "#config/paths.ts";
import { isRecord } from "#lib/is-record.ts";
import { nearest } from "#lib/nearest.ts";

import { createCommand } from "./command.ts";
import { CommandFailure, usageFailure } from "./failure.ts";
import { commonFlags, configFlags } from "./flag.ts";
import { loadSettings } from "./load-settings.ts";
import { renderTable } from "./table.ts";

export const routeExplain = createCommand({
  name: "explain",
  description: "Say which backend would answer a request, and why. Nothing is sent.",
  flags: {
    data: {
      type: "string",
      alias: "d",
      description: "The request's body: JSON, a file of it, or - for standard input.",
      valueHint: "json|file",
      completes: "file",
    },
    model: {
      type: "string",
      alias: "m",
      description: "The model it asks for, in place of the body's.",
      valueHint: "name",
    },
    path: {
      type: "string",
      alias: "p",
      description: "The path it is sent to (default /v1/chat/completions).",
      valueHint: "path",
    },
    header: {
      type: "string",
      alias: "H",
      repeatable: true,
      description: "A header of it, as `name: value`.",
      valueHint: "header",
    },
    token: {
      type: "string",
      alias: "t",
      description: "The name of the access token it is sent with.",
      valueHint: "name",
    },
    json: { type: "boolean", description: "Print JSON." },
    ...configFlags,
    ...commonFlags,
  },
  examples: [
    "ccproxy route explain --model gpt-6-luna",
    "ccproxy route explain --data request.json",
    `ccproxy route explain -p /v1/messages -d '{"model": "gpt-6-luna"}'`,
  ],
  async run(args, context) {
    const { terminal } = context;
    const { config } = await loadSettings(args, context);
    const token = args.text("token");
    requireName(token, Object.keys(config.server.tokens));
    const { text, body } = await readBody(args.text("data"), context);
    const { explainRoute } = await import("#app/explain-route.ts");
    const told = explainRoute(config, {
      path: args.text("path") ?? "/v1/chat/completions",
      headers: headersIn(args.list("header")),
      token,
      bytes: Buffer.byteLength(text),
      body: withModel(body, args.text("model")),
    });
    if (args.isSet("json")) {
      await terminal.print(JSON.stringify(told, null, 2));
      return 0;
    }
    const { backend, model, why, translatedBecause, unless, wireFormat, options, fallbacks, rules } = told;
    const sent = model.sent === model.asked ? "" : ` (asked for as ${model.asked ?? "nothing"})`;
    const spoken = (isMeant: (name: string) => boolean) =>
      Object.entries(options).flatMap(([name, value]) => (isMeant(name) ? [`${name} ${value}`] : []));
    const set = spoken((name) => !whateverIsAsked.has(name));
    const besides = spoken((name) => whateverIsAsked.has(name));
    const lines = [
      `answers   ${backend}`,
      `because   ${why}`,
      `model     ${model.sent ?? "the backend's default"}${sent}`,
      `travels   ${translatedBecause === null ? "as it came" : `translated from ${wireFormat}: ${translatedBecause}`}`,
      ...(unless === null ? [] : [`unless    ${unless}`]),
      ...(set.length === 0 ? [] : [`set       ${set.join(", ")}, where the client asks for no other`]),
      ...(besides.length === 0 ? [] : [`besides   ${besides.join(", ")}, whatever the client asks for`]),
      ...fallbacks.map(({ backend: other, model: as, notAsked }) => {
        const name = as === undefined ? other : `${other}/${as}`;
        return notAsked === null ? `else      ${name}` : `not       ${name}: ${notAsked}`;
      }),
    ];
    const rows = rules.map(({ name, mismatch }) => [name, mismatch === null ? "yes" : `no, by its ${mismatch}`]);
    const table = rows.length === 0 ? [] : ["", renderTable(["RULE", "MATCHES"], rows, terminal.style)];
    await terminal.print([...lines, ...table].join("\n"));
    return 0;
  },
});

/** Options of a rule's that hold beside what the client says. */
const whateverIsAsked: ReadonlySet<string> = new Set(["max_output_tokens", "system_prompt"]);

/** Throws CommandFailure. */
function requireName(token: string | undefined, names: readonly string[]): void {
  if (token === undefined || names.includes(token)) return;
  const near = nearest(token, names);
  const hint = near === undefined ? `there are ${names.join(", ") || "none"}` : `did you mean ${near}?`;
  throw usageFailure(`--token must be the name of a token in server.tokens, and none is called so; ${hint}`);
}

/** What is no object has no place for a model; that it is none is told like anything else of it. */
function withModel(body: unknown, model: string | undefined): unknown {
  return model === undefined || !isRecord(body) ? body : { ...body, model };
}

type Context = Parameters<typeof loadSettings>[1];

async function readBody(data: string | undefined, { cwd, environment }: Context) {
  const text = data === undefined ? "{}" : await textOf(data, cwd, environment);
  try {
    const body: unknown = JSON.parse(text);
    return { text, body };
  } catch (cause) {
    throw new CommandFailure("--data is no JSON; give a JSON text, a file that holds one, or -", {
      exitCode: 2,
      cause,
    });
  }
}

async function textOf(data: string, cwd: string, environment: Context["environment"]): Promise<string> {
  if (data === "-") return await Bun.stdin.text();
  if (/^\s*[{[]/.test(data)) return data;
  const path = resolvePath(data, cwd, environment);
  return await Bun.file(path)
    .text()
    .catch((cause: unknown) => {
      throw new CommandFailure(`${path} cannot be read`, { exitCode: 2, cause });
    });
}

function headersIn(given: readonly string[]): Headers {
  const headers = new Headers();
  for (const header of given) {
    const [, name, value] = /^\s*([\w-]+)\s*:\s*(.*)$/.exec(header) ?? [];
    if (name === undefined) throw usageFailure(`--header must be "name: value", got ${JSON.stringify(header)}`);
    headers.append(name, value ?? "");
  }
  return headers;
}
