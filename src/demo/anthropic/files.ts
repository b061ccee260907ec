import { pageFrom } from "./pages.ts";

/** Uploaded files. Of their content nothing is kept. */
export interface Files {
  /** `body` is `multipart/form-data`; undefined when it holds no part `file`. */
  upload(body: Uint8Array, contentType: string): Promise<object | undefined>;
  list(query: URLSearchParams): object;
  retrieve(id: string): object | undefined;
  /** False when there is none. */
  remove(id: string): boolean;
  reset(): void;
}

export function createFiles(now: () => Date = () => new Date()): Files {
  const files = new Map<string, FileMetadata>();
  let count = 0;
  return {
    upload: async (body, contentType) => {
      const file = await readFile(body, contentType);
      if (file === undefined) return undefined;
      count += 1;
      const metadata = {
        id: `file_demo_${count}`,
        type: "file" as const,
        filename: file.name,
        mime_type: file.type === "" ? "application/octet-stream" : file.type,
        size_bytes: file.size,
        created_at: now().toISOString(),
        downloadable: false,
      };
      files.set(metadata.id, metadata);
      return metadata;
    },
    list: (query) => pageFrom([...files.values()].toReversed(), query),
    retrieve: (id) => files.get(id),
    remove: (id) => files.delete(id),
    reset: () => files.clear(),
  };
}

interface FileMetadata {
  readonly id: string;
  readonly type: "file";
  readonly filename: string;
  readonly mime_type: string;
  readonly size_bytes: number;
  readonly created_at: string;
  readonly downloadable: boolean;
}

async function readFile(body: Uint8Array, contentType: string): Promise<File | undefined> {
  // Throws for what is no form.
  const form = await new Response(body, { headers: { "content-type": contentType } }).formData().catch(() => undefined);
  const file = form?.get("file");
  return file instanceof File ? file : undefined;
}
