/** The dependency rule of ARCHITECTURE.md as data and as a pure check of one source text. */
import { parseSync } from "oxc-parser";

/** What each folder of src/ may import across folders. A folder that is not here may not exist. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  lib: [],
  config: ["lib"],
  process: ["lib"],
  demo: ["core", "lib"],
  bridge: ["core", "lib"],
  store: ["core", "lib"],
  wire: ["core", "lib"],
  workspaces: ["core", "lib"],
  auth: ["core", "store", "lib"],
  credentials: ["core", "store", "lib"],
  upstream: ["core", "credentials", "lib"],
  sessions: ["core", "store", "lib"],
  telemetry: ["core", "store", "lib"],
  backends: ["core", "wire", "process", "upstream", "lib"],
  inspect: ["core", "wire", "process", "telemetry", "lib"],
  gateway: ["core", "sessions", "workspaces", "telemetry", "lib"],
  dashboard: ["lib"],
  server: ["core", "wire", "gateway", "auth", "telemetry", "dashboard", "lib"],
  app: ["*", "!commands"],
  commands: ["app", "config", "auth", "credentials", "store", "demo", "bridge", "inspect", "lib"],
  "main.ts": ["commands", "lib"],
};

/** Folders whose subfolders are islands: none sees its sibling. */
const islands: ReadonlySet<string> = new Set(["wire", "backends"]);

/** Vendor packages and runtime modules that belong to the folders named here; a name ending in / is a scope. */
const ownersOf: Readonly<Record<string, readonly string[]>> = {
  elysia: ["server"],
  "@elysiajs/": ["server"],
  "swagger-ui-dist": ["server"],
  "@modelcontextprotocol/": ["server"],
  citty: ["commands", "main.ts"],
  c12: ["config"],
  consola: ["telemetry", "commands"],
  "bun:sqlite": ["store"],
  "node:child_process": ["process"],
};

/** Ways to start a program; only process/ may, because only it knows how to end one. */
const spawners: ReadonlySet<string> = new Set(["spawn", "spawnSync", "$"]);

/** Tests, and what only they import, may see anything. */
export function isTestCode(file: string): boolean {
  return file.endsWith(".test.ts") || file.split("/").includes("testing");
}

export interface Checked {
  /** How many imports were seen: a checker that sees none proves nothing. */
  readonly imports: number;
  readonly problems: readonly string[];
}

/** Checks one file; `file` is its path below src/, as in `wire/openai-chat/stream.ts`. */
export function checkSource(file: string, code: string): Checked {
  const { program, comments, errors } = parseSync(file, code);
  if (errors.length > 0) return { imports: 0, problems: [`${file}: ${errors[0]?.message ?? "does not parse"}`] };
  const lineOf = (offset: number): number => code.slice(0, offset).split("\n").length;
  const commented = new Set(comments.flatMap(({ start, end }) => [lineOf(start), lineOf(end), lineOf(end) + 1]));
  const found: Found = { specifiers: [], problems: [], hasReason: (offset) => commented.has(lineOf(offset)) };
  for (const statement of program.body) checkStatement(statement, found);
  visit(program, found);
  return {
    imports: found.specifiers.length,
    problems: [
      ...found.specifiers.map((specifier) => problemWith(file, specifier)).filter((problem) => problem !== undefined),
      ...found.problems
        .filter((problem) => !(problem === spawnProblem && folderOf(file) === "process"))
        .map((problem) => `${file}: ${problem}`),
    ],
  };
}

interface Found {
  readonly specifiers: string[];
  readonly problems: string[];
  /** Whether a comment stands in the line of this offset, or ends in the one before. */
  readonly hasReason: (offset: number) => boolean;
}

const spawnProblem = "only process may start a program";

function problemWith(file: string, specifier: string): string | undefined {
  const from = folderOf(file);
  const allowed = mayImport[from];
  if (allowed === undefined) return `${file}: src/${from} has no entry in the dependency table`;
  if (specifier.startsWith("..")) return `${file}: use #folder/ instead of ${specifier}`;
  if (/\/testing\//.test(specifier)) return `${file}: only tests may import ${specifier}`;
  if (specifier.startsWith("./")) return undefined;
  if (!specifier.startsWith("#")) return vendorProblem(file, from, specifier);
  const [to = "", part] = specifier.slice(1).split("/");
  if (to === from)
    return islands.has(to) && part !== file.split("/")[1] ? `${file}: ${to} is islands (${specifier})` : undefined;
  const every = allowed.includes("*") && !allowed.includes(`!${to}`) && to in mayImport;
  return every || allowed.includes(to) ? undefined : `${file}: ${from} may not import ${specifier}`;
}

function vendorProblem(file: string, from: string, specifier: string): string | undefined {
  const owner = Object.keys(ownersOf).find((name) =>
    name.endsWith("/") ? specifier.startsWith(name) : specifier === name || specifier.startsWith(`${name}/`),
  );
  const owners = owner === undefined ? undefined : ownersOf[owner];
  return owners === undefined || owners.includes(from)
    ? undefined
    : `${file}: only ${owners.join(", ")} may import ${specifier}`;
}

function folderOf(file: string): string {
  return file.split("/", 1).join("");
}

function checkStatement(statement: unknown, found: Found): void {
  if (!isNode(statement)) return;
  const declared = statement.type === "ExportNamedDeclaration" ? statement["declaration"] : statement;
  if (isNode(declared) && declared.type === "VariableDeclaration" && declared["kind"] !== "const")
    found.problems.push("mutable state at the top of a module");
  if (statement.type === "ExportAllDeclaration") found.problems.push("export * hides what a module offers");
}

const importing: ReadonlySet<string> = new Set([
  "ImportDeclaration",
  "ImportExpression",
  "ExportNamedDeclaration",
  "ExportAllDeclaration",
  "TSImportType",
]);

/** Walks the whole tree: an import hides in `import()` and `import("x").T`, a spawn anywhere. */
function visit(node: unknown, found: Found): void {
  if (Array.isArray(node)) {
    for (const item of node) visit(item, found);
    return;
  }
  if (!isNode(node)) return;
  if (importing.has(node.type)) noteImport(node, found);
  if (takesSpawn(node)) found.problems.push(spawnProblem);
  if (isCast(node) && !found.hasReason(Number(node["end"]))) found.problems.push("a cast without a reason beside it");
  for (const value of Object.values(node)) if (typeof value === "object") visit(value, found);
}

function noteImport(node: Node, found: Found): void {
  const source = node["source"];
  if (isNode(source) && typeof source["value"] === "string") found.specifiers.push(source["value"]);
  else if (node.type === "ImportExpression") found.problems.push("import() of a computed name");
}

/** `Bun.spawn`, `Bun["spawn"]`, `const { spawn } = Bun`, `import { spawn } from "bun"`. */
function takesSpawn(node: Node): boolean {
  if (node.type === "MemberExpression") return isNamed(node["object"], "Bun") && spawners.has(nameOf(node["property"]));
  if (node.type === "VariableDeclarator")
    return isNamed(node["init"], "Bun") && takesKey(node["id"], "properties", "key");
  if (node.type === "ImportDeclaration")
    return nameOf(node["source"]) === "bun" && takesKey(node, "specifiers", "imported");
  return false;
}

/** `x as T`, but not `as const`. */
function isCast(node: Node): boolean {
  if (node.type !== "TSAsExpression") return node.type === "TSTypeAssertion";
  const type = node["typeAnnotation"];
  return !(isNode(type) && type.type === "TSTypeReference" && isNamed(type["typeName"], "const"));
}

function takesKey(node: unknown, list: string, key: string): boolean {
  const items = isNode(node) ? node[list] : undefined;
  return Array.isArray(items) && items.some((item: unknown) => isNode(item) && spawners.has(nameOf(item[key])));
}

function isNamed(node: unknown, name: string): boolean {
  return isNode(node) && node.type === "Identifier" && node["name"] === name;
}

function nameOf(node: unknown): string {
  if (!isNode(node)) return "";
  return String(node.type === "Identifier" ? node["name"] : node["value"]);
}

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
