/** `holdfast person`: who has an account, who vouches for them, whose they are, and helping who cannot get in. */
import { EdgeError } from '#base/errors.ts'
import { findLocalNode, type LocalNode } from './local-node.ts'
import {
  table,
  when,
  writeJson,
  writeLines,
  type CommonOptions,
  type Surroundings,
} from './terminal.ts'

/** A person as the node answers. */
interface Shown {
  readonly id: string
  readonly username: string
  readonly delete_at: number
  readonly is_bot?: boolean
  readonly roles: string
  readonly props: { readonly holdfast_unvouched?: string; readonly holdfast_partner?: string }
}

/** What may be done for a person, by the word that is typed. */
export type PersonDeed =
  'deactivate' | 'activate' | 'vouch' | 'sign-out' | 'drop-factor' | 'appoint' | 'dismiss'

interface Deed {
  /** What was done, behind the name. */
  readonly done: string
  readonly ask: (node: LocalNode, id: string) => Promise<unknown>
}

/** What may be typed for a partner's person. */
export interface PartnerOptions extends CommonOptions {
  /** Name of the organisation. */
  readonly of?: string
  /** They are one of ours. */
  readonly none?: true
  readonly member?: true
}

interface Policy {
  readonly people: readonly {
    readonly person: string
    readonly attributes: Readonly<Record<string, string | readonly string[]>>
  }[]
}

const POLICY = '/api/holdfast/v1/policy'
const PAGE = 200
const USERS = '/api/v4/users'
const DEEDS: Readonly<Record<PersonDeed, Deed>> = {
  deactivate: {
    done: 'may sign in no more',
    ask: ({ ask }, id) => ask('PUT', `${USERS}/${id}/active`, { active: false }),
  },
  activate: {
    done: 'may sign in',
    ask: ({ ask }, id) => ask('PUT', `${USERS}/${id}/active`, { active: true }),
  },
  vouch: {
    done: 'is vouched for',
    ask: ({ ask }, id) => ask('POST', `/api/holdfast/v1/people/${id}/vouch`, {}),
  },
  'sign-out': {
    done: 'is signed out',
    ask: ({ ask }, id) => ask('POST', `${USERS}/${id}/sessions/revoke/all`, {}),
  },
  'drop-factor': {
    done: 'signs in by the password alone',
    ask: ({ ask }, id) => ask('PUT', `${USERS}/${id}/mfa`, { activate: false }),
  },
  appoint: {
    done: 'is an administrator',
    ask: ({ ask }, id) => ask('PUT', `${USERS}/${id}/roles`, { roles: 'system_user system_admin' }),
  },
  dismiss: {
    done: 'is no administrator any more',
    ask: ({ ask }, id) => ask('PUT', `${USERS}/${id}/roles`, { roles: 'system_user' }),
  },
}

/** Does it. */
export async function doFor(
  name: PersonDeed,
  { who, options }: { readonly who: string; readonly options: CommonOptions },
  surroundings: Surroundings,
): Promise<void> {
  const node = await findLocalNode(options.data, surroundings)
  const { id, username } = await called(node, who)
  const { ask, done } = DEEDS[name]
  await ask(node, id)
  if (options.json) return writeJson(surroundings.terminal, { id, username })
  writeLines(surroundings.terminal, [`${username} ${done}.`])
}

async function called({ ask }: LocalNode, who: string): Promise<Shown> {
  return (await ask('GET', `${USERS}/username/${encodeURIComponent(who)}`)) as Shown
}

/** Says that somebody is a partner's, or is not. A partner's people are guests unless it is said that they are not. */
export async function setPartner(
  who: string,
  options: PartnerOptions,
  surroundings: Surroundings,
): Promise<void> {
  const { of: organisation, none: isOurs = false, member: isMember = false } = options
  if ((organisation === undefined) !== isOurs)
    throw new EdgeError('INPUT_INVALID', {
      field: '--of',
      found: isOurs ? 'a name and --none' : 'no name',
      wanted: 'the name of an organisation, or --none for one of our own',
    })
  const node = await findLocalNode(options.data, surroundings)
  const { id, username } = await called(node, who)
  const { people } = (await node.ask('GET', POLICY)) as Policy
  const before = people.find(({ person }) => person === id)?.attributes ?? {}
  const { role: _, organisation: __, ...more } = before
  const standing =
    organisation === undefined ? {} : { organisation, role: isMember ? 'member' : 'guest' }
  await node.ask('PUT', `${POLICY}/people/${id}`, { ...more, ...standing })
  if (options.json) return writeJson(surroundings.terminal, { id, username, organisation })
  const words = `is of the partner ${organisation}, ${isMember ? 'and a member' : 'a guest'}`
  writeLines(surroundings.terminal, [
    `${username} ${organisation === undefined ? 'is one of ours' : words}.`,
  ])
}

/** Runs the command. */
export async function list(options: CommonOptions, surroundings: Surroundings): Promise<void> {
  const { terminal } = surroundings
  const { ask } = await findLocalNode(options.data, surroundings)
  const all: Shown[] = []
  for (let page = 0; all.length === page * PAGE; page += 1)
    all.push(...((await ask('GET', `${USERS}?page=${page}&per_page=${PAGE}`)) as Shown[]))
  if (options.json) return writeJson(terminal, all)
  writeLines(terminal, table(all.map((one) => [one.username, wordsOf(one)])))
}

function wordsOf({ is_bot: isBot, delete_at: deletedAt, props, roles }: Shown): string {
  const words = [
    ...(isBot === true ? ['a bot'] : []),
    ...(roles.split(' ').includes('system_admin') ? ['an administrator'] : []),
    ...(props.holdfast_partner === undefined ? [] : [`of ${props.holdfast_partner}`]),
    ...(roles === 'system_guest' ? ['a guest'] : []),
    ...(props.holdfast_unvouched === undefined ? [] : ['not vouched for']),
    ...(deletedAt === 0 ? [] : [`may not sign in since ${when(deletedAt)}`]),
  ]
  return words.join(', ')
}
