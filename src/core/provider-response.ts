/** Responses that providers keep under ids of their own: not what is in them, but who made each, and for whom. */

export interface ProviderResponse {
  readonly principal: string;
  readonly id: string;
  readonly backend: string;
  /** Where the credential is kept that it was asked with: nobody else's account has it. */
  readonly account: string | undefined;
}

export interface ProviderResponses {
  save(response: ProviderResponse): void;
  /** undefined for those of others too. */
  find(principal: string, id: string): ProviderResponse | undefined;
  /** Whether this backend made it, and for others alone. */
  isOthers(response: Pick<ProviderResponse, "principal" | "id" | "backend">): boolean;
  remove(principal: string, id: string): void;
}
