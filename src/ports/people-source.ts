/** Where an organisation keeps its people, outside of Holdfast. Often out of reach: that is an answer, too. */

/** Somebody an outside source vouches for. */
export interface OutsidePerson {
  readonly source: 'ldap' | 'openid'
  /** What the source itself knows them by, and never gives to anybody else. */
  readonly subject: string
  /** What they would be called here: any text. */
  readonly username: string
  readonly displayName: string
}

/** What a source says to a name and a password. */
export type SourceAnswer =
  | { readonly kind: 'right'; readonly person: OutsidePerson }
  /** The name is known, the password is not this one. */
  | { readonly kind: 'wrong' }
  /** There is nobody of this name, or they may not sign in any more. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'unreachable' }

/** A source that checks passwords. */
export interface PeopleSource {
  /** Never throws, and answers within a time that a person waits. */
  readonly check: (login: string, password: string) => Promise<SourceAnswer>
}

/** What goes along with a question to a provider, and has to fit its answer. */
export interface ProviderQuestion {
  readonly state: string
  readonly nonce: string
  /** For PKCE: only who asked can use the answer. */
  readonly verifier: string
}

/** A source that people visit with their browser. */
export interface OpenIdProvider {
  /** Where to send the browser. @throws EdgeError CARRIER_UNREACHABLE */
  readonly ask: (question: ProviderQuestion) => Promise<string>
  /**
   * Who came back, with this query behind their address.
   * @throws EdgeError NOT_SIGNED_IN, CARRIER_UNREACHABLE
   */
  readonly read: (query: string, question: ProviderQuestion) => Promise<OutsidePerson>
}
