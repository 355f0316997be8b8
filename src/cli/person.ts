/** `holdfast person`: who has an account, who vouches for them, and helping who cannot get in. */
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
  readonly props: { readonly holdfast_unvouched?: string }
}

/** What may be done for a person, by the word that is typed. */
export type PersonDeed = 'deactivate' | 'activate' | 'vouch' | 'sign-out' | 'drop-factor'

interface Deed {
  /** What was done, behind the name. */
  readonly done: string
  readonly ask: (node: LocalNode, id: string) => Promise<unknown>
}

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
}

/** Does it. */
export async function doFor(
  name: PersonDeed,
  { who, options }: { readonly who: string; readonly options: CommonOptions },
  surroundings: Surroundings,
): Promise<void> {
  const node = await findLocalNode(options.data, surroundings)
  const found = await node.ask('GET', `${USERS}/username/${encodeURIComponent(who)}`)
  const { id, username } = found as Shown
  const { ask, done } = DEEDS[name]
  await ask(node, id)
  if (options.json) return writeJson(surroundings.terminal, { id, username })
  writeLines(surroundings.terminal, [`${username} ${done}.`])
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

function wordsOf({ is_bot: isBot, delete_at: deletedAt, props }: Shown): string {
  const words = [
    ...(isBot === true ? ['a bot'] : []),
    ...(props.holdfast_unvouched === undefined ? [] : ['not vouched for']),
    ...(deletedAt === 0 ? [] : [`may not sign in since ${when(deletedAt)}`]),
  ]
  return words.join(', ')
}
