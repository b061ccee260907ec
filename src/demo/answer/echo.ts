import * as v from "valibot";

import { isBase64 } from "./media.ts";

const namedSchema = v.object({ name: v.string() });
/** A tool of chat completions has its name one level deeper. */
const toolsSchema = v.array(v.union([namedSchema, v.object({ function: namedSchema })]));

const longestData = 200;

/**
 * What `[[demo echo]]` answers: the request as it arrived, tools by name, long base64 by its size.
 * `headers` must hold no secrets; `auth` says which header carried the credential.
 */
export function echoOf(body: unknown, headers: Readonly<Record<string, string>>): unknown {
  if (typeof body !== "object" || body === null) return { body };
  const tools = v.safeParse(toolsSchema, "tools" in body ? body.tools : undefined);
  const echoed = {
    ...body,
    ...(tools.success && { tools: tools.output.map((tool) => ("function" in tool ? tool.function : tool).name) }),
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => isOfInterest(name))),
    auth: headers["x-api-key"] === undefined ? "bearer" : "x-api-key",
  };
  const shortened: unknown = JSON.parse(JSON.stringify(echoed, shortenData));
  return shortened;
}

function isOfInterest(name: string): boolean {
  return /^(?:anthropic-|openai-|x-claude-|x-app$|user-agent$|x-request-id$)/.test(name);
}

function shortenData(key: string, value: unknown): unknown {
  if (typeof value !== "string" || value.length <= longestData) return value;
  const [, head = "", data = value] = /^(data:[^,]{0,100};base64,)(.*)$/s.exec(value) ?? [];
  if ((head === "" && key !== "data") || !isBase64(data)) return value;
  return `${head}(${Buffer.byteLength(data, "base64")} bytes of base64)`;
}
