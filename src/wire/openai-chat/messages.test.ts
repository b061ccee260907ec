import { describe, expect, test } from "bun:test";

import { GatewayError } from "#core/errors.ts";

import { decodeRequest } from "./request.ts";

const png = "iVBORw0KGgoAAA==";
const hi = { role: "user" as const, content: "hi" };
const lookup = { type: "function" as const, function: { name: "lookup", arguments: '{"q":"a"}' } };

function refusalOf(body: unknown): GatewayError {
  try {
    const { outOfContext } = decodeRequest(body);
    if (outOfContext !== undefined) return outOfContext;
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error("the request was accepted");
}

describe("messages", () => {
  const messagesOf = (messages: object[]) => decodeRequest({ messages }).messages;

  test("of one role in a row become one, results of tools first", () => {
    expect(
      messagesOf([
        hi,
        { role: "assistant", content: null, tool_calls: [{ id: "c", ...lookup }] },
        { role: "user", content: "wait" },
        { role: "tool", tool_call_id: "c", content: "" },
      ]).at(-1),
    ).toEqual({
      role: "user",
      content: [
        { type: "tool-result", callId: "c", content: [], isError: false },
        { type: "text", text: "wait" },
      ],
    });
  });

  test("that say nothing are left out of the history", () => {
    expect(messagesOf([hi, { role: "assistant", content: "" }, { role: "user", content: "there" }])).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "hi" },
          { type: "text", text: "there" },
        ],
      },
    ]);
  });

  test("of the assistant keep its reasoning, and a refusal as text", () => {
    expect(
      messagesOf([hi, { role: "assistant", reasoning_content: "hm", content: null, refusal: "No." }, hi])[1]?.content,
    ).toEqual([
      { type: "reasoning", text: "hm", field: "messages[1].reasoning_content" },
      { type: "text", text: "No." },
    ]);
  });

  test("may hold text files, and files the backend knows by id", () => {
    const file = (fields: object) =>
      messagesOf([{ role: "user", content: [{ type: "file", file: fields }] }])[0]?.content;
    expect(file({ file_data: "data:text/csv;base64,YSxi" })).toEqual([
      { type: "document", source: { type: "text", mediaType: "text/plain", text: "a,b" } },
    ]);
    expect(file({ file_id: "f1" })).toEqual([{ type: "document", source: { type: "file", fileId: "f1" } }]);
    expect(file({ file_data: `data:image/png;base64,${png}` })).toMatchObject([{ type: "image" }]);
  });

  test("may call a JPEG image/jpg", () => {
    const image = { type: "image_url", image_url: { url: "data:image/jpg;base64,AAAA" } };
    expect(messagesOf([{ role: "user", content: [image] }])[0]?.content).toEqual([
      { type: "image", source: { type: "base64", mediaType: "image/jpeg", data: "AAAA" } },
    ]);
  });
});

describe("what is wrong is refused by name", () => {
  const user = (content: unknown) => ({ messages: [{ role: "user", content }] });
  const image = (url: unknown) => user([{ type: "image_url", image_url: { url } }]);
  const call = (fields: object) => ({
    messages: [hi, { role: "assistant", tool_calls: [{ id: "c", type: "function", function: fields }] }],
  });
  const contentPath = "messages[0].content[0]";

  test.each<[string, unknown, string | undefined, string]>([
    ["only instructions", { messages: [{ role: "system", content: "x" }] }, "messages", "Add a user message."],
    [
      "an unknown role",
      { messages: [{ role: "bot", content: "x" }] },
      "messages[0].role",
      '"system", "developer", "user", "assistant" or "tool", got "bot"',
    ],
    ["content of a wrong type", user(5), "messages[0].content", "a string or an array, got 5"],
    ["an empty last message", user(""), "messages[0].content", "expected a text, an image or a file"],
    ["an unknown part", user([{ type: "video" }]), `${contentPath}.type`, '"text", "image_url" or "file", got "video"'],
    ["audio", user([{ type: "input_audio", input_audio: {} }]), `${contentPath}.type`, 'got "input_audio"'],
    [
      "a broken data URL",
      image("data:image/png,abc"),
      `${contentPath}.image_url.url`,
      "data:<media type>;base64,<data>",
    ],
    ["data that is no base64", image("data:image/png;base64,%%%"), `${contentPath}.image_url.url`, "expected base64"],
    ["an image of another type", image("data:image/tiff;base64,AAAA"), `${contentPath}.image_url.url`, '"image/tiff"'],
    ["a path for an image", image("file:///etc/passwd"), `${contentPath}.image_url.url`, "http(s) URL or a data URL"],
    ["a file without content", user([{ type: "file", file: {} }]), `${contentPath}.file`, "file_data or file_id"],
    [
      "a bare base64 file",
      user([{ type: "file", file: { file_data: "JVBERi0=" } }]),
      `${contentPath}.file.file_data`,
      "data:application/pdf;base64,",
    ],
    [
      "arguments that are no JSON",
      call({ name: "x", arguments: "{" }),
      "messages[1].tool_calls[0].function.arguments",
      'expected a JSON object as text, got "{"',
    ],
    [
      "arguments that are no object",
      call({ name: "x", arguments: "[1]" }),
      "messages[1].tool_calls[0].function.arguments",
      "a JSON object",
    ],
    ["a call without a name", call({ arguments: "{}" }), "messages[1].tool_calls[0].function.name", "required"],
    [
      "a result of another call than those made",
      {
        messages: [...call({ name: "x", arguments: "{}" }).messages, { role: "tool", tool_call_id: "y", content: "y" }],
      },
      "messages[2].tool_call_id",
      "the id of a tool call",
    ],
    [
      "a result of no call",
      { messages: [{ role: "tool", tool_call_id: "x", content: "y" }] },
      "messages[0].tool_call_id",
      "Send the whole conversation, or name its session.",
    ],
  ])("%s", (_title, body, param, explanation) => {
    const error = refusalOf(body);
    expect({ kind: error.kind, param: error.options.param }).toEqual({ kind: "invalid-request", param });
    expect(error.explanation).toContain(explanation);
  });

  test("without repeating what the user wrote", () => {
    const secret = "a long and private sentence ".repeat(9);
    expect(refusalOf(call({ name: "x", arguments: secret })).explanation).toContain(
      `a string of ${secret.length} characters`,
    );
  });
});
