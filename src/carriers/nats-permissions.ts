/**
 * What a node may do at a NATS server: exactly the subjects that this carrier uses, and nothing more.
 *
 * The subject says who writes, so a node writes under its own number only; it reads its workspace (sealed, so reading
 * tells little), asks for pieces of files, and hears answers to its own questions. It can ask for no list of streams, change none, purge and delete
 * nothing. Subjects in answers are outside of all permissions, in every version of the server (research/nats.md 5): what
 * keeps partners apart is the account.
 */
import { everySubject, fileStream, nodeToken } from './nats-subject.ts'

/** A node of one workspace. */
export interface NatsUser {
  readonly workspace: string
  readonly nodeNumber: number
  /** Whether this node makes the streams. */
  readonly provision: boolean
}

/** Subjects, with `*` for any one part. */
export interface NatsPermissions {
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
}

/** A post office of one organisation. */
export interface PostOffice {
  /** Of the account: one for each circle of trust. */
  readonly account: string
  readonly workspace: string
  readonly users: readonly NatsUser[]
}

/** What this node needs, and no more. */
export function permissionsOf(user: NatsUser): NatsPermissions {
  const { workspace, provision } = user
  const node = nodeToken(user)
  const publish = [workspace, fileStream(workspace)].flatMap((stream) => {
    const own = `${stream}.*.${node}.*`
    const direct = `$JS.API.DIRECT.GET.${stream}`
    const verbs = ['INFO', 'CREATE', 'UPDATE'].map((verb) => `$JS.API.STREAM.${verb}.${stream}`)
    // The second question is by subject: what stands under one of our own, when the server says that it is taken.
    return [own, direct, `${direct}.${own}`, ...(provision ? verbs : [])]
  })
  return { publish, subscribe: [everySubject(workspace), `r.${node}.*`] }
}

/** The subject of a node's certificate, by which a server with `verify_and_map` knows it. */
export function certificateSubjectOf(user: Pick<NatsUser, 'nodeNumber'>): string {
  return `CN=${nodeToken(user)}`
}

/** The `accounts` block of a server's config. */
export function accountsBlock({ account, users }: PostOffice): string {
  return [
    'accounts {',
    `  ${account} {`,
    '    jetstream: enabled',
    '    users: [',
    ...users.map(userLines),
    '    ]',
    '  }',
    '}',
    '',
  ].join('\n')
}

function userLines(user: NatsUser): string {
  const { publish, subscribe } = permissionsOf(user)
  return [
    `      { user: "${certificateSubjectOf(user)}", permissions: {`,
    `          publish: { allow: [ ${listed(publish)} ] }`,
    `          subscribe: { allow: [ ${listed(subscribe)} ] }`,
    '      } }',
  ].join('\n')
}

function listed(subjects: readonly string[]): string {
  return subjects.map((subject) => `"${subject}"`).join(', ')
}
