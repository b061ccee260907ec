/** Where an agent works, and what of the place its CLI reads. */
export interface Workspace extends WorkspaceRules {
  /** What clients are told of it: its name, or the path where it was the client that named one. */
  readonly name: string;
  /** undefined: one is made for the request, and removed after it. */
  readonly directory: WorkspaceDirectory | undefined;
}

export interface WorkspaceRules {
  /** More directories the agent's tools may reach. */
  readonly addDirs: readonly string[];
  /** MCP configurations: files, or inline JSON. */
  readonly mcpConfig: readonly string[];
  /** Which settings are read; `project` and `local` are those in the directory itself, hooks among them. */
  readonly settingSources: readonly string[];
}

export interface WorkspaceDirectory {
  /** Absolute, and no part of it was a link when it was looked at. */
  readonly path: string;
  /** Tells this directory from another one that is put in its place. */
  readonly identity: string;
}
