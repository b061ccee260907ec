import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import { type Arguments, parseArguments } from "./arguments.ts";
import { CommandFailure } from "./failure.ts";
import type { Flags } from "./flag.ts";

const flags = {
  file: { type: "positional", required: false, description: "" },
  port: { type: "string", alias: "p", range: [0, 65_535], valueHint: "number", description: "" },
  model: { type: "string", key: "claude.model", description: "" },
  mode: { type: "enum", options: ["agent", "chat"], description: "" },
  tools: { type: "string", repeatable: true, key: "claude.allowed_tools", description: "" },
  json: { type: "boolean", description: "" },
  demo: { type: "boolean", key: "demo", description: "" },
} satisfies Flags;

const parse = (...words: string[]): Arguments<keyof typeof flags> => parseArguments(flags, words);

function refusal(...words: string[]): string {
  try {
    parse(...words);
  } catch (error) {
    if (error instanceof CommandFailure && error.exitCode === 2) return error.message;
    throw error;
  }
  throw new Error("the words were accepted");
}

describe("what is read", () => {
  test.each([[["--port", "80"]], [["--port=80"]], [["-p", "80"]], [["-p=80"]]])(
    "a value may be written %p",
    (words) => {
      expect(parse(...words).number("port")).toBe(80);
    },
  );

  test("a value may hold an equals sign, spaces or nothing", () => {
    expect(parse("--model=a=b").text("model")).toBe("a=b");
    expect(parse("--model", "a b").text("model")).toBe("a b");
    expect(parse("--model=").text("model")).toBe("");
  });

  test("a value that begins with a dash needs the equals sign", () => {
    expect(parse("--model=-x").text("model")).toBe("-x");
    expect(refusal("--model", "-x")).toBe("--model needs a value; one that begins with a dash is written --model=-x");
  });

  test("a repeatable flag adds up, and each value may be a list", () => {
    expect(parse("--tools", "Read,Edit", "--tools=Bash(a, b)").settings).toEqual([
      { flag: "--tools", key: "claude.allowed_tools", value: ["Read", "Edit", "Bash(a, b)"] },
    ]);
  });

  test("only what was given is a setting", () => {
    expect(parse("--json", "--model", "x").settings).toEqual([{ flag: "--model", key: "claude.model", value: "x" }]);
    expect(parse("--no-demo").settings).toEqual([{ flag: "--demo", key: "demo", value: false }]);
    expect(parse("--demo=false").settings).toEqual([{ flag: "--demo", key: "demo", value: false }]);
  });

  test("words are positionals, and all behind -- are", () => {
    expect(parse("x.toml").text("file")).toBe("x.toml");
    expect(parse("--json", "--", "--port").text("file")).toBe("--port");
    expect(parse("-").text("file")).toBe("-");
  });
});

describe("what is refused", () => {
  test.each([
    [["--prot", "1"], "unknown flag --prot; did you mean --port?"],
    [["--zebra"], "unknown flag --zebra; see --help"],
    [["-x"], "unknown flag -x; see --help"],
    [["--file", "x"], "unknown flag --file; see --help"],
    [["--port"], "--port needs a value, as in --port <number>"],
    [
      ["--port", "--json"],
      "--port needs a value, as in --port <number>; one that begins with a dash is written --port=--json",
    ],
    [["--port", "-1"], '--port must be a whole number from 0 to 65535, got "-1"'],
    [["--port", "1e3"], '--port must be a whole number from 0 to 65535, got "1e3"'],
    [["--port", "70000"], '--port must be a whole number from 0 to 65535, got "70000"'],
    [["-p", "1", "--port", "2"], "--port was given twice; give it once"],
    [["--json", "--json"], "--json was given twice; give it once"],
    [["--json=3"], '--json takes no value; got "3"'],
    [["--no-json"], "unknown flag --no-json; see --help"],
    [["--mode", "chatt"], '--mode cannot be "chatt"; did you mean chat?'],
    [["--mode", "zebra"], '--mode cannot be "zebra"; it is one of agent, chat'],
    [["a", "b"], 'nothing is expected at "b"; see --help'],
  ])("%p", (words, message) => {
    expect(refusal(...words)).toBe(message);
  });

  test("a positional that is missing", () => {
    const shell = {
      shell: { type: "positional", required: true, options: ["bash", "zsh"], description: "" },
    } satisfies Flags;
    expect(() => parseArguments(shell, [])).toThrow("shell is missing: bash, zsh");
    expect(() => parseArguments(shell, ["bsh"])).toThrow('shell cannot be "bsh"; did you mean bash?');
  });
});

test("any words are either read or refused with exit code 2", () => {
  const word = fc.oneof(
    fc.constantFrom("--port", "--port=1", "-p", "--", "--tools", "--json", "-", "=", "--=", "--no-"),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (words) => {
      try {
        parse(...words);
      } catch (error) {
        expect(error).toBeInstanceOf(CommandFailure);
        expect(error).toHaveProperty("exitCode", 2);
      }
    }),
  );
});
