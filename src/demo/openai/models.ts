interface DemoModel {
  readonly id: string;
  readonly created: number;
  readonly owned_by: string;
}

const models: readonly DemoModel[] = [
  { id: "gpt-6.1", created: 1_788_220_800, owned_by: "openai" },
  { id: "gpt-5.5", created: 1_767_225_600, owned_by: "openai" },
  { id: "deepseek-chat", created: 1_735_689_600, owned_by: "deepseek" },
  { id: "anthropic/claude-sonnet-5.5", created: 1_789_430_400, owned_by: "anthropic" },
  { id: "demo", created: 1_764_547_200, owned_by: "demo" },
];

/** The list is whole: this API has no pages. */
export function listModels(): object {
  return { object: "list", data: models.map(describe) };
}

export function describeModel(id: string): object | undefined {
  const known = models.find((model) => model.id === id);
  return known === undefined ? undefined : describe(known);
}

function describe({ id, created, owned_by }: DemoModel): object {
  return { id, object: "model", created, owned_by };
}
