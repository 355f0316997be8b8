/** `holdfast person`: who has an account, who vouches for them, and helping who cannot get in. */
import type { Command } from 'commander'
import { command, examples, type Action } from './command.ts'
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

interface Deed {
  readonly says: string
  /** What was done, behind the name. */
  readonly done: string
  readonly ask: (node: LocalNode, id: string) => Promise<unknown>
}

const PAGE = 200
const USERS = '/api/v4/users'
const DEEDS: Readonly<Record<string, Deed>> = {
  deactivate: {
    says: 'end all sessions of a person, and let them sign in no more, on every node that hears of it',
    done: 'may sign in no more',
    ask: ({ ask }, id) => ask('PUT', `${USERS}/${id}/active`, { active: false }),
  },
  activate: {
    says: 'let a person sign in again',
    done: 'may sign in',
    ask: ({ ask }, id) => ask('PUT', `${USERS}/${id}/active`, { active: true }),
  },
  vouch: {
    says: 'on a node that administers: confirm that somebody enrolled elsewhere is who they say',
    done: 'is vouched for',
    ask: ({ ask }, id) => ask('POST', `/api/holdfast/v1/people/${id}/vouch`, {}),
  },
  'sign-out': {
    says: 'end all sessions of a person on this node; programs keep their tokens',
    done: 'is signed out',
    ask: ({ ask }, id) => ask('POST', `${USERS}/${id}/sessions/revoke/all`, {}),
  },
  'drop-factor': {
    says: 'let a person in by the password alone: their authenticator is lost, or a clock is wrong',
    done: 'signs in by the password alone',
    ask: ({ ask }, id) => ask('PUT', `${USERS}/${id}/mfa`, { activate: false }),
  },
}

/** Adds the commands about people. */
export function addPersonCommands(
  program: Command,
  action: Action,
  surroundings: Surroundings,
): void {
  const group = program.command('person').description('people with an account, and who may sign in')
  command(group, 'list', surroundings)
    .description('show everybody, who is not vouched for, and who may not sign in')
    .addHelpText('after', examples('person list', 'person list --json'))
    .action(action<CommonOptions>(list))
  for (const [name, deed] of Object.entries(DEEDS))
    command(group, name, surroundings)
      .argument('<name>', 'their username')
      .description(deed.says)
      .addHelpText('after', examples(`person ${name} bo`))
      .action(
        action<CommonOptions>((options, around, [who = '']) => run(deed, { who, options }, around)),
      )
}

async function run(
  deed: Deed,
  { who, options }: { readonly who: string; readonly options: CommonOptions },
  surroundings: Surroundings,
): Promise<void> {
  const node = await findLocalNode(options.data, surroundings)
  const found = await node.ask('GET', `${USERS}/username/${encodeURIComponent(who)}`)
  const { id, username } = found as Shown
  await deed.ask(node, id)
  if (options.json) return writeJson(surroundings.terminal, { id, username })
  writeLines(surroundings.terminal, [`${username} ${deed.done}.`])
}

async function list(options: CommonOptions, surroundings: Surroundings): Promise<void> {
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
