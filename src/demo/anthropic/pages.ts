interface Listed {
  readonly id: string;
}

/** One page of a list, as the API cuts it: behind `after_id`, `limit` long. */
export function pageAfter(items: readonly Listed[], query: URLSearchParams): object {
  const start = items.findIndex(({ id }) => id === query.get("after_id")) + 1;
  const end = start + limitOf(query);
  const page = items.slice(start, end);
  return {
    data: page,
    has_more: end < items.length,
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  };
}

/** The newer form of a page: `next_page` is what `page` takes. */
export function pageFrom(items: readonly Listed[], query: URLSearchParams): object {
  const start = Number(query.get("page") ?? 0) || 0;
  const end = start + limitOf(query);
  return { data: items.slice(start, end), next_page: end < items.length ? String(end) : null };
}

function limitOf(query: URLSearchParams): number {
  return Number(query.get("limit") ?? 20) || 20;
}
