/** Bots: programs that have a name and a voice. They have no password: who answers for one makes it a token. */
import { EdgeError } from '#base/errors.ts'
import type { UserId } from '#base/ids.ts'
import { aboutPerson } from '#model/audit-content.ts'
import type { DirectoryPerson } from '#model/directory-people.ts'
import { DIRECTORY } from '#model/document-id.ts'
import { BOT_DESCRIPTION_CHARACTERS_MAX } from '#model/person-content.ts'
import { audit } from '#sync/audit.ts'
import type { Tx } from '#sync/replica.ts'
import type { Accounts, BotDraft } from './account-types.ts'
import { insist, isAdministrator, write, type AppContext } from './context.ts'
import { checkNames, enrolInside, ourPerson } from './people.ts'
import type { Person } from './types.ts'

type Bots = Pick<Accounts, 'makeBot' | 'changeBot' | 'assignBot'>

/** The part of the app that keeps bots. */
export function openBots(context: AppContext): Bots {
  const { replica } = context.sync
  return {
    makeBot: async (subject, draft) => {
      insistOnManaging(context, subject)
      checkBot(draft)
      const id = await replica.commit(async (tx) => {
        const { username, displayName, description } = draft
        const person = { username, displayName, isAdministrator: false }
        const bot = await enrolInside(tx, context, { draft: person, by: subject })
        await writeBot(tx, context, { by: subject, bot, owner: subject, description })
        const subjects = [aboutPerson(bot)]
        await audit(tx, context.sync, { deed: 'bot made', by: subject, subjects })
        return bot
      })
      return ourPerson(context, id)
    },
    changeBot: (subject, bot, change) => changeBot(context, subject, { bot, change }),
    assignBot: async (subject, bot, owner) => {
      const { description } = insistOnBot(context, subject, bot)
      const next = context.sync.directory().person(owner)
      if (next === undefined || next.bot !== undefined)
        throw new EdgeError('NOT_FOUND', { what: 'person', id: owner })
      await replica.commit((tx) => writeBot(tx, context, { by: subject, bot, owner, description }))
      return ourPerson(context, bot)
    },
  }
}

async function changeBot(
  context: AppContext,
  subject: UserId,
  { bot, change }: { readonly bot: UserId; readonly change: Partial<BotDraft> },
): Promise<Person> {
  const { profile, owner, description } = insistOnBot(context, subject, bot)
  const next = {
    username: change.username ?? profile.username,
    displayName: change.displayName ?? profile.displayName,
    description: change.description ?? description,
  }
  checkBot(next)
  await context.sync.replica.commit(async (tx) => {
    const { username, displayName } = next
    const content = {
      kind: 'person' as const,
      person: bot,
      profile: { username, displayName, isAdministrator: false },
    }
    await write(tx, context, { document: DIRECTORY, author: subject, content })
    await writeBot(tx, context, { by: subject, bot, owner, description: next.description })
  })
  return ourPerson(context, bot)
}

function checkBot(draft: BotDraft): void {
  checkNames(draft)
  const { length } = draft.description
  if (length > BOT_DESCRIPTION_CHARACTERS_MAX)
    throw new EdgeError('INPUT_INVALID', {
      field: 'description',
      foundCharacters: length,
      wanted: `at most ${BOT_DESCRIPTION_CHARACTERS_MAX}`,
    })
}

async function writeBot(
  tx: Tx,
  context: AppContext,
  {
    by,
    bot: person,
    owner,
    description,
  }: {
    readonly by: UserId
    readonly bot: UserId
    readonly owner: UserId
    readonly description: string
  },
): Promise<void> {
  const content = { kind: 'bot' as const, person, owner, description }
  await write(tx, context, { document: DIRECTORY, author: by, content })
}

function insistOnManaging(context: AppContext, subject: UserId): void {
  const action = 'manage accounts'
  insist(context, subject, { action, isAdministrator: isAdministrator(context, subject) })
}

/** Its owner answers for it; so may who administers. */
function insistOnBot(
  context: AppContext,
  subject: UserId,
  bot: UserId,
): DirectoryPerson & { readonly owner: UserId; readonly description: string } {
  const known = context.sync.directory().person(bot)
  if (known?.bot === undefined) throw new EdgeError('NOT_FOUND', { what: 'bot', id: bot })
  if (known.bot.owner !== subject) insistOnManaging(context, subject)
  return { ...known, ...known.bot }
}
