/** What a person, or who administers, may ask of the node about accounts: signing in, and all that lets somebody in. */
import type { Instant, UserId } from '#base/ids.ts'
import type { OutsidePerson } from '#ports/people-source.ts'
import type { ClientWords, SignedInBy } from '#sync/session-book.ts'
import type { Person } from './types.ts'

/** A session as it is shown. */
export interface OpenSession {
  /** 26 characters; shows nothing of the token. */
  readonly id: string
  readonly person: UserId
  readonly createdAt: Instant
  readonly expiresAt: Instant
  /** When it was used last, to the hour. */
  readonly usedAt: Instant
  readonly by: SignedInBy
  readonly client?: ClientWords
  /** Where notifications for the app go, as it said itself. */
  readonly device?: string
}

/** What a client keeps to prove who it is. */
export interface Session extends OpenSession {
  /** 26 characters, shown once; the store keeps only its hash. */
  readonly token: string
}

/** What comes along with a password. */
export interface SignInWords {
  /** Six digits of the second factor. */
  readonly code?: string | undefined
  readonly client?: ClientWords | undefined
  readonly device?: string | undefined
}

/** A password that somebody wants to have from now on. */
export interface PasswordChange {
  readonly person: UserId
  readonly wanted: string
  /** The one in use: needed of everybody who changes their own. */
  readonly present?: string | undefined
  /** The session that goes on; all others of the person end. */
  readonly except?: string | undefined
}

/** A device that proves somebody without a password, as the authenticator made it. */
export interface PasskeyDraft {
  /** The credential's own id, base64url. */
  readonly credential: string
  /** COSE key. */
  readonly publicKey: Uint8Array
  readonly counter: number
  readonly transports: readonly string[]
  /** The host name it was made for: it answers no other. */
  readonly host: string
  /** What its owner calls it. */
  readonly name: string
}

/** A passkey of somebody. */
export interface Passkey extends PasskeyDraft {
  readonly person: UserId
  readonly createdAt: Instant
  /** 0 before the first time. */
  readonly usedAt: Instant
}

/** A token that a program keeps; the token itself is shown once. */
export interface AccessToken {
  readonly id: string
  readonly person: UserId
  readonly description: string
  readonly isActive: boolean
  readonly createdAt: Instant
}

/** A new bot. */
export interface BotDraft {
  readonly username: string
  readonly displayName: string
  readonly description: string
}

/** The part of the node that knows who may come in. `subject` is the person who asks. */
export interface Accounts {
  /** A session without a password, for the operator's command line on this machine. Doors never call this. */
  readonly openSession: (username: string) => Promise<Session>
  /** @throws EdgeError NOT_SIGNED_IN, CODE_WANTED when the password was right and the second factor is missing or wrong */
  readonly signIn: (login: string, password: string, words?: SignInWords) => Promise<Session>
  /** A session for whom an outside source has just vouched; who is not known here yet is enrolled. */
  readonly signInFromOutside: (person: OutsidePerson, words?: SignInWords) => Promise<Session>
  /**
   * A session for who has the passkey: `prove` checks the signature with what is known of it, and answers with the new
   * counter. @throws EdgeError NOT_SIGNED_IN
   */
  readonly signInWithPasskey: (
    credential: string,
    prove: (passkey: Passkey) => Promise<{ readonly counter: number }>,
    words?: SignInWords,
  ) => Promise<Session>
  /** The session of a token, or undefined when it is unknown or over. */
  readonly sessionOf: (token: string) => Promise<Session | undefined>
  readonly signOut: (token: string) => Promise<void>
  /** All sessions of a person on this node, the newest first. */
  readonly sessionsOf: (subject: UserId, person: UserId) => Promise<readonly OpenSession[]>
  /** @throws EdgeError NOT_FOUND */
  readonly endSession: (subject: UserId, person: UserId, id: string) => Promise<void>
  /** Ends all sessions of a person, or of everybody; tokens of programs stay. */
  readonly endSessions: (subject: UserId, person: UserId | undefined) => Promise<void>
  readonly setDevice: (token: string, device: string) => Promise<void>

  readonly changePassword: (subject: UserId, change: PasswordChange) => Promise<void>
  /** Whether the password is right, for what needs it once more; nothing else changes. */
  readonly isPasswordOf: (person: UserId, password: string) => Promise<boolean>

  /** A secret for six digits, which count once `activateSecondFactor` has seen some; 20 bytes in base32. */
  readonly newSecondFactor: (subject: UserId, person: UserId) => Promise<{ secret: string }>
  /** @throws EdgeError CODE_WANTED */
  readonly activateSecondFactor: (subject: UserId, person: UserId, code: string) => Promise<void>
  readonly removeSecondFactor: (subject: UserId, person: UserId) => Promise<void>
  readonly hasSecondFactor: (person: UserId) => Promise<boolean>

  readonly passkeysOf: (subject: UserId) => Promise<readonly Passkey[]>
  readonly addPasskey: (subject: UserId, draft: PasskeyDraft) => Promise<Passkey>
  /** @throws EdgeError NOT_FOUND */
  readonly removePasskey: (subject: UserId, credential: string) => Promise<void>

  /** A token of one's own, or of a bot. */
  readonly makeAccessToken: (
    subject: UserId,
    person: UserId,
    description: string,
  ) => Promise<AccessToken & { readonly token: string }>
  /** Of a person, or of everybody. */
  readonly accessTokens: (
    subject: UserId,
    person: UserId | undefined,
  ) => Promise<readonly AccessToken[]>
  readonly accessToken: (subject: UserId, id: string) => Promise<AccessToken>
  /** `gone` for good, or asleep until it is woken. */
  readonly setAccessToken: (
    subject: UserId,
    id: string,
    state: 'active' | 'asleep' | 'gone',
  ) => Promise<void>

  readonly makeBot: (subject: UserId, draft: BotDraft) => Promise<Person>
  readonly changeBot: (subject: UserId, bot: UserId, change: Partial<BotDraft>) => Promise<Person>
  readonly assignBot: (subject: UserId, bot: UserId, owner: UserId) => Promise<Person>

  /** Whether somebody may sign in. Who may not loses all sessions, on every node that hears of it. */
  readonly setActive: (subject: UserId, person: UserId, isActive: boolean) => Promise<Person>
  /**
   * Whether somebody administers: on their own node by its word, everywhere by that of a node that administers. No guest, nobody
   * of a partner, no bot; and the last one of a node stays. @throws EdgeError NOT_FOUND, NOT_ALLOWED
   */
  readonly setAdministrator: (
    subject: UserId,
    person: UserId,
    isAdministrator: boolean,
  ) => Promise<Person>
  /** Confirms, from a node that administers, that a person enrolled elsewhere is who they say. */
  readonly vouchFor: (subject: UserId, person: UserId) => Promise<Person>
}
