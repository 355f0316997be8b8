/** Dictionaries of channels: which there are, and training new ones when somebody does not want to wait for it. */
import { EdgeError } from '#base/errors.ts'
import type { ChannelId, UserId } from '#base/ids.ts'
import { lackedBy, makeHere, publishedIn, type Published } from '#sync/dictionaries.ts'
import { key } from '#sync/keys.ts'
import { trainAll } from '#sync/training.ts'
import type { Tx } from '#sync/replica.ts'
import { channelOf, insist, isAdministrator, type AppContext } from './context.ts'
import type { ChannelDictionaries, Dictionaries, NamedDictionary } from './dictionary-types.ts'

/** The part of the app about dictionaries; `signal` ends a training that is under way. */
export function openDictionaries(context: AppContext, signal: AbortSignal): Dictionaries {
  /** Whatever waits has its turn while the disk is asked for something. */
  const pause = async (): Promise<void> => void (await context.sync.replica.read.get(key.trained))
  let isTraining = false
  return {
    dictionaries: async (subject) => {
      insistOn(context, subject, 'read metrics')
      const { directory } = context.sync
      const all: ChannelDictionaries[] = []
      for (const { id } of directory().channels()) {
        const dictionaries = await context.sync.replica.commit((tx) => namedIn(tx, context, id))
        const name = await nameOf(context, id)
        if (dictionaries.length > 0) all.push({ channel: id, name, dictionaries })
      }
      return all
    },
    trainDictionaries: async (subject) => {
      insistOn(context, subject, 'train dictionaries')
      const { role } = context.sync.identity.certificate
      const action = 'train dictionaries'
      if (role !== 'hub')
        throw new EdgeError('NOT_ALLOWED', { action, found: role, wanted: 'a hub' })
      if (isTraining) throw new EdgeError('ALREADY_EXISTS', { what: 'training that goes on' })
      isTraining = true
      try {
        const trained = await trainAll(context.sync, { pause, signal })
        return await Promise.all(
          trained.map(async (one) => ({ ...one, name: await nameOf(context, one.channel) })),
        )
      } finally {
        isTraining = false
      }
    },
  }
}

function insistOn(
  context: AppContext,
  subject: UserId,
  action: 'read metrics' | 'train dictionaries',
): void {
  insist(context, subject, { action, isAdministrator: isAdministrator(context, subject) })
}

async function nameOf(context: AppContext, id: ChannelId): Promise<string> {
  const { kind, name } = await channelOf(context, id)
  return name === '' ? kind : name
}

async function namedIn(
  tx: Tx,
  context: AppContext,
  channel: ChannelId,
): Promise<readonly NamedDictionary[]> {
  const named: NamedDictionary[] = []
  for (const one of await publishedIn(tx, context.sync, channel))
    named.push(await described(tx, context, one))
  return named
}

async function described(tx: Tx, { sync }: AppContext, one: Published): Promise<NamedDictionary> {
  const { content, by, placeAt } = one
  const nameIt = (node: Published['by']): string => sync.roster.byNode(node)?.name ?? node
  return {
    hash: content.hash,
    by: nameIt(by),
    at: placeAt,
    changes: content.stretches.reduce((sum, { count }) => sum + count, 0),
    bytes: (await makeHere(tx, sync, one))?.text.length,
    lackedBy: (await lackedBy(tx, sync, one)).map(nameIt).toSorted(),
  }
}
