type Schema = Readonly<Record<string, unknown>>;

/** What an answer is for, which an API has beside the schema of it, in the place that every schema has for it. */
export function describedSchema(schema: Schema, description: string | null | undefined): Schema {
  if (typeof description !== "string" || description === "") return schema;
  const own = schema["description"];
  return { ...schema, description: typeof own === "string" ? `${description}\n\n${own}` : description };
}
